import { Link, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useProvince } from "../shared/useProvince";
import frame from "./Frame.module.css";
import { features, type MenuEntry } from "./feature";
import { useSession } from "./session";

/** The order of the menu; what no feature brings is not shown. */
const ORDER: MenuEntry["label"][] = [
  "home",
  "store",
  "mine",
  "subscriptions",
  "reviews",
  "deployments",
  "monitoring",
  "operations",
  "alarms",
  "incidents",
  "documents",
  "work-orders",
  "admin",
];

const entries = [...features.values()]
  .flatMap((feature) => feature.menu ?? [])
  .sort((a, b) => ORDER.indexOf(a.label) - ORDER.indexOf(b.label));

/** The menu: only what this person may use, with how much of it waits for them. */
export function MainMenu({ isOpen }: { isOpen: boolean }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const shown = entries.filter(({ permission }) => permission === undefined || may(permission));
  return (
    <nav className={frame.menu} data-open={isOpen} aria-label={t("frame.menu")} data-tour="menu">
      <ul>
        {shown.map((entry) => (
          <li key={entry.path}>
            <Entry entry={entry} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function none(): undefined {
  return undefined;
}

function Entry({ entry: { label, path, useWaiting = none } }: { entry: MenuEntry }) {
  const { t } = useTranslation();
  const [province] = useProvince();
  const waiting = useWaiting();
  const here = useRouterState({ select: (state) => state.location.pathname });
  const isHere = path === "/" ? here === "/" : here === path || here.startsWith(`${path}/`);
  return (
    <Link
      to={path}
      search={province === "" ? {} : { province }}
      className={frame.entry}
      aria-current={isHere ? "page" : undefined}
    >
      {t(`menu.${label}`)}
      {waiting !== undefined && waiting > 0 && (
        <span className={frame.count}>
          <span aria-hidden="true">{waiting}</span>
          <span className="unseen">{t("frame.waiting", { count: waiting })}</span>
        </span>
      )}
    </Link>
  );
}
