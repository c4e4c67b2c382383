import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Flex } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { useUrlState } from "../../shared/useUrlState";
import { OpenPage } from "./OpenPage";
import { Failed, Or, ProviderButton } from "./Provider";
import SignInForm from "./SignInForm";

/** Only addresses of this console; never another host's. */
function inside(address: string): string {
  return /^\/(?![/\\])/.test(address) ? address : "/";
}

/** Where strangers arrive; afterwards they are where they wanted to go. */
export default function SignInPage() {
  const { t } = useTranslation("sign-in");
  const [back] = useUrlState("back", "/");
  const [failed] = useUrlState("failed");
  const options = useQuery({
    queryKey: ["sign-in-options"],
    queryFn: () => ask(api.GET("/api/v1/sign-in-options")),
  });
  const provider = options.data?.provider ?? null;
  const isLocal = options.data?.local ?? options.isError;
  return (
    <OpenPage title={t("title")} answers={t("answers")}>
      <Flex vertical gap="middle">
        {failed !== "" && <Failed code={failed} contact={provider?.contact ?? ""} />}
        {provider !== null && <ProviderButton provider={provider} back={inside(back)} />}
      </Flex>
      {provider !== null && isLocal && <Or />}
      {isLocal && (
        <>
          {/* A new page, since the center tells each person's browser which gateways it may call. */}
          <SignInForm
            isSecond={provider !== null}
            onDone={() => window.location.assign(inside(back))}
          />
          <p>
            <Link to="/invitation">{t("invited")}</Link>
          </p>
        </>
      )}
    </OpenPage>
  );
}
