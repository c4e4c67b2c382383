import { MenuOutlined } from "@ant-design/icons";
import { Link, Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { Button } from "antd";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { PageSkeleton } from "../shared/PageSkeleton";
import { ErrorPage } from "../shared/pages";
import { AccountMenu } from "./AccountMenu";
import { AppearanceSwitch } from "./AppearanceSwitch";
import frame from "./Frame.module.css";
import { HeaderParts } from "./HeaderParts";
import { Hint } from "./Hint";
import { LanguageSwitch } from "./LanguageSwitch";
import { MainMenu } from "./MainMenu";
import { ProvinceSwitch } from "./ProvinceSwitch";
import { SessionProvider, useSession } from "./session";

const ExpiredDialog = lazy(() => import("./ExpiredDialog"));

/** What stands around every page: header, menu, and whoever is signed in. */
export function Frame() {
  return (
    <SessionProvider
      pending={<Waiting />}
      stranger={<ToSignIn />}
      failed={(error) => <ErrorPage error={error} />}
    >
      <Shell />
    </SessionProvider>
  );
}

/** Takes a stranger to the sign-in page, which brings them back to where they wanted to go. */
function ToSignIn() {
  const navigate = useNavigate();
  const router = useRouter();
  // The address changes while this leads away from it; the way back is the first one.
  const [back] = useState(router.state.location.href);
  useEffect(() => {
    void navigate({ to: "/sign-in", search: { back }, replace: true });
  }, [navigate, back]);
  return <Waiting />;
}

function Waiting() {
  return (
    <main className={frame.page}>
      <PageSkeleton />
    </main>
  );
}

function Shell() {
  const { t } = useTranslation();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { isExpired } = useSession();
  const [isOpen, setOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes because the path changed
  useEffect(() => setOpen(false), [path]);

  return (
    <div className={frame.frame}>
      <a className={frame.skip} href="#page">
        {t("skip")}
      </a>
      <header className={frame.head}>
        <Button
          type="text"
          className={frame.opener ?? ""}
          icon={<MenuOutlined />}
          aria-label={t("frame.open-menu")}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        <Link to="/" className={frame.brand}>
          <img src="/favicon.svg" alt="" width={20} height={20} />
          {t("title")}
        </Link>
        <HeaderParts place="search" />
        <span className={frame.space} />
        <span data-tour="province">
          <ProvinceSwitch />
        </span>
        <HeaderParts place="bell" />
        <LanguageSwitch />
        <AppearanceSwitch />
        <AccountMenu />
      </header>
      <MainMenu isOpen={isOpen} />
      <main id="page" className={frame.page} tabIndex={-1}>
        <Outlet />
      </main>
      <HeaderParts place="help" />
      <Hint />
      {isExpired && (
        <Suspense fallback={null}>
          <ExpiredDialog />
        </Suspense>
      )}
    </div>
  );
}
