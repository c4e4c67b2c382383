import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useUrlState } from "../../shared/useUrlState";
import { OpenPage } from "./OpenPage";
import SignInForm from "./SignInForm";

/** Only addresses of this console; never another host's. */
function inside(address: string): string {
  return /^\/(?![/\\])/.test(address) ? address : "/";
}

/** Where strangers arrive; afterwards they are where they wanted to go. */
export default function SignInPage() {
  const { t } = useTranslation("sign-in");
  const [back] = useUrlState("back", "/");
  return (
    <OpenPage title={t("title")} answers={t("answers")}>
      {/* A new page, since the center tells each person's browser which gateways it may call. */}
      <SignInForm onDone={() => window.location.assign(inside(back))} />
      <p>
        <Link to="/invitation">{t("invited")}</Link>
      </p>
    </OpenPage>
  );
}
