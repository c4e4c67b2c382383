import { Comments } from "./Comments";
import { Ratings } from "./Ratings";

/** What people make of it. */
export function DiscussionTab({ name }: { name: string }) {
  return (
    <>
      <Ratings name={name} />
      <Comments name={name} />
    </>
  );
}
