import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { useSession } from "../../app/session";
import { ConfirmAct } from "../../shared/ConfirmAct";
import { useNames } from "../../shared/useNames";
import { ChangeAct } from "./ChangeAct";
import { DeclineAct } from "./DeclineAct";
import { type Act, act, decline, type Subscription, useDo } from "./useSubscriptions";

const ALLOWED: Record<Subscription["status"], Act[]> = {
  requested: ["withdraw", "approve"],
  scheduled: ["revoke"],
  active: ["suspend", "revoke"],
  suspended: ["resume", "revoke"],
  declined: [],
  withdrawn: [],
  revoked: [],
  expired: [],
};
const DANGER: Act[] = ["suspend", "revoke"];

interface Props {
  item: Subscription;
  onSecret: (secret: string) => void;
}

/** What this person can do with a subscription now; each says what it does before it does it. */
export function Acts({ item, onSecret }: Props) {
  const { t } = useTranslation("subscriptions");
  const { may, user } = useSession();
  const run = useDo();
  const { provinceOf, capabilityOf } = useNames();
  const decides = may("approve:subscriptions") && user.name !== item.requested_by;
  const asks = may("request:subscriptions");
  const allows: Record<Act, boolean> = {
    withdraw: asks,
    approve: decides,
    suspend: may("approve:subscriptions"),
    resume: may("approve:subscriptions"),
    revoke: asks,
  };
  const isGranted = ["active", "suspended", "scheduled"].includes(item.status);
  const said = { application: item.application, province: provinceOf(item.province) };
  return (
    <>
      {isGranted && asks && <ChangeAct item={item} />}
      {isGranted && may("manage:applications") && (
        <ConfirmAct
          act={t("act.new-secret")}
          title={t("new-secret")}
          consequence={t("new-secret-text", said)}
          onConfirm={async () => onSecret(await newSecret(item.application))}
        />
      )}
      {item.status === "requested" && decides && (
        <DeclineAct onDecline={(body) => run(() => decline(item.id, body))} />
      )}
      {ALLOWED[item.status]
        .filter((kind) => allows[kind])
        .map((kind) => (
          <ConfirmAct
            key={kind}
            act={t(`act.${kind}`)}
            title={t(`confirm.${kind}`, { capability: capabilityOf(item.capability) })}
            consequence={t(`consequence.${kind}`, said)}
            isDanger={DANGER.includes(kind)}
            isPrimary={kind === "approve"}
            {...(kind === "revoke" && { name: item.capability })}
            onConfirm={() => run(() => act(kind, item.id))}
          />
        ))}
    </>
  );
}

async function newSecret(client_id: string): Promise<string> {
  const params = { path: { client_id }, header: { "idempotency-key": crypto.randomUUID() } };
  const made = await ask(api.POST("/api/v1/applications/{client_id}/secrets", { params }));
  return made.client_secret;
}
