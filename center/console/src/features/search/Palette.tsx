import { useNavigate } from "@tanstack/react-router";
import { Input, Modal } from "antd";
import { type KeyboardEvent, useDeferredValue, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useDialogFocus } from "../../shared/useDialogFocus";
import { useProvince } from "../../shared/useProvince";
import type { Hit } from "./hits";
import style from "./Search.module.css";
import { useHits } from "./useHits";

/** One field that finds everything, and leads there. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("search");
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const question = useDeferredValue(text.trim());
  const hits = useHits(question);
  const open = useOpen(onClose);
  const list = useId();
  const { content, afterOpenChange } = useDialogFocus();
  const current = hits[Math.min(chosen, hits.length - 1)];

  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setChosen((chosen + step + hits.length) % Math.max(hits.length, 1));
    else if (event.key === "Enter" && current !== undefined) open(current);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      open
      title={t("open")}
      footer={null}
      onCancel={onClose}
      width={620}
      afterOpenChange={afterOpenChange}
    >
      <div ref={content}>
        <Input
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setChosen(0);
          }}
          onKeyDown={press}
          role="combobox"
          aria-label={t("label")}
          aria-expanded={hits.length > 0}
          aria-controls={list}
          aria-activedescendant={current && idOf(list, current)}
          placeholder={t("label")}
        />
      </div>
      <div id={list} role="listbox" aria-label={t("open")} className={style.results}>
        {hits.map((hit, index) => (
          <Result
            key={idOf(list, hit)}
            id={idOf(list, hit)}
            hit={hit}
            isFirst={hits[index - 1]?.group !== hit.group}
            isChosen={hit === current}
            onOpen={() => open(hit)}
            onPoint={() => setChosen(index)}
          />
        ))}
      </div>
      {hits.length === 0 && question !== "" && (
        <p role="status">{t("nothing", { text: question })}</p>
      )}
      <p className={style.foot}>{t("keys")}</p>
    </Modal>
  );
}

function idOf(list: string, hit: Hit): string {
  return `${list}-${hit.group}-${hit.key}`;
}

/** Goes where a hit leads, and takes the chosen province along. */
function useOpen(onClose: () => void): (hit: Hit) => void {
  const navigate = useNavigate();
  const [province] = useProvince();
  const scope = province === "" ? {} : { province };
  return ({ to, search }) => {
    onClose();
    void navigate({ to, search: { ...scope, ...search } });
  };
}

interface ResultProps {
  id: string;
  hit: Hit;
  isFirst: boolean;
  isChosen: boolean;
  onOpen: () => void;
  onPoint: () => void;
}

function Result({ id, hit, isFirst, isChosen, onOpen, onPoint }: ResultProps) {
  const { t } = useTranslation("search");
  return (
    <>
      {isFirst && (
        <div role="presentation" className={style.group}>
          {t(`group.${hit.group}`)}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys of all results */}
      <div
        id={id}
        role="option"
        tabIndex={-1}
        aria-selected={isChosen}
        className={style.hit}
        onClick={onOpen}
        onPointerMove={onPoint}
      >
        <span>{hit.text}</span>
        <span className="quiet">{hit.detail}</span>
      </div>
    </>
  );
}
