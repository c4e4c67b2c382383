import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { api, ask, openGate, type Permission, type Schemas } from "../api/client";
import { ApiProblem } from "../api/problem";

export interface Session {
  user: Schemas["Me"];
  may: (permission: Permission) => boolean;
  /** Whether the session ended while the page was open: what is typed there is kept. */
  isExpired: boolean;
  /** Go on after the same person signed in again. */
  renew: (csrfToken: string) => void;
}

const Context = createContext<Session | null>(null);

interface Props {
  children: ReactNode;
  pending: ReactNode;
  stranger: ReactNode;
  failed: (error: Error) => ReactNode;
}

/** The question who is signed in. */
export const whoIsHere = queryOptions({
  queryKey: ["me"],
  queryFn: () => ask(api.GET("/api/v1/me")),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

/** Find out who is signed in, before anything else of the console is shown. */
export function SessionProvider({ children, pending, stranger, failed }: Props) {
  const queries = useQueryClient();
  const [isExpired, setExpired] = useState(false);
  const { data, error } = useQuery(whoIsHere);
  const token = data?.csrf_token ?? null;
  useEffect(() => {
    if (token !== null) openGate(token, () => setExpired(true));
  }, [token]);

  const value = useMemo<Session | null>(() => {
    if (data === undefined) return null;
    const rights = new Set(data.permissions);
    return {
      user: data.user,
      may: (permission) => rights.has(permission),
      isExpired,
      renew(csrfToken) {
        openGate(csrfToken, () => setExpired(true));
        setExpired(false);
        void queries.invalidateQueries();
      },
    };
  }, [data, isExpired, queries]);

  if (value !== null) return <Context value={value}>{children}</Context>;
  if (error === null) return pending;
  return error instanceof ApiProblem && error.status === 401 ? stranger : failed(error);
}

/** Who is signed in. */
export function useSession(): Session {
  const session = use(Context);
  if (session === null) throw new Error("useSession needs a SessionProvider around it");
  return session;
}

/** Sign out, of the provider too where that let one in; nothing of the person stays in memory. */
export async function signOut(): Promise<void> {
  const left = await ask(api.POST("/api/v1/sessions/current:sign-out"));
  window.location.assign(left.provider_url ?? "/sign-in");
}

/** For tests: a session without a center. */
export function GivenSession({ session, children }: { session: Session; children: ReactNode }) {
  return <Context value={session}>{children}</Context>;
}
