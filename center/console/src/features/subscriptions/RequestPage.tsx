import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "../../shared/Notice";
import { PageFrame } from "../../shared/PageFrame";
import { CredentialsPanel } from "./CredentialsPanel";
import { RequestForm } from "./RequestForm";
import { StatusLine } from "./StatusLine";
import style from "./Subscriptions.module.css";
import type { Subscription } from "./useSubscriptions";

interface Asked {
  subscription: Subscription;
  /** Of an application that was registered on the way; undefined where it existed. */
  secret: string | undefined;
}

/** One page from the wish to the answer. */
export default function RequestPage() {
  const { t } = useTranslation("subscriptions");
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <PageFrame title={t("request")} answers={t("request-answers")}>
      {asked === null ? (
        <div className={style.form}>
          <RequestForm onAsked={(subscription, secret) => setAsked({ subscription, secret })} />
        </div>
      ) : (
        <Answer {...asked} />
      )}
    </PageFrame>
  );
}

function Answer({ subscription, secret }: Asked) {
  const { t } = useTranslation("subscriptions");
  return (
    <>
      <StatusLine item={subscription} isLinked />
      {secret === undefined ? (
        <Notice title={t("asked")}>{t("asked-text")}</Notice>
      ) : (
        <CredentialsPanel
          capability={subscription.capability}
          province={subscription.province}
          clientId={subscription.application}
          secret={secret}
        />
      )}
    </>
  );
}
