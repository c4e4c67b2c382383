import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { api, ask } from "../../api/client";
import { Age } from "../../shared/Age";
import { QueryStates } from "../../shared/QueryStates";

const KEY = ["sessions"];

/** Where one is signed in. */
export function Sessions() {
  const { t } = useTranslation("account");
  const queries = useQueryClient();
  const query = useQuery({ queryKey: KEY, queryFn: () => ask(api.GET("/api/v1/sessions")) });
  const end = async (id: string) => {
    const params = { path: { session_id: id } };
    await ask(api.DELETE("/api/v1/sessions/{session_id}", { params }));
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return (
    <QueryStates query={query}>
      {({ items }) => (
        <ul>
          {items.map((item) => (
            <li key={item.id}>
              <p>
                {item.agent} · {item.address} · <Age at={item.created_at} />{" "}
                {item.is_current ? (
                  <strong>{t("this-session")}</strong>
                ) : (
                  <Button size="small" onClick={() => void end(item.id)}>
                    {t("end-session")}
                  </Button>
                )}
              </p>
            </li>
          ))}
        </ul>
      )}
    </QueryStates>
  );
}
