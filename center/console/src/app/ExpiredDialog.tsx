import { Modal } from "antd";
import { useTranslation } from "react-i18next";
import { SignInForm } from "../features/sign-in";
import { useSession } from "./session";

/** Asks for the password again over the page as it is: nothing that was typed there is lost. */
export default function ExpiredDialog() {
  const { t } = useTranslation();
  const { user, renew } = useSession();
  return (
    <Modal open title={t("expired.title")} footer={null} closable={false}>
      <p>{t("expired.text")}</p>
      <SignInForm name={user.name} act={t("expired.again")} onDone={renew} />
    </Modal>
  );
}
