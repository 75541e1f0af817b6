import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

interface Props {
  text: string;
  /** What the copy button copies, for who cannot see it. */
  copyLabel?: string;
}

/** A piece of code to be copied. */
export function Code({ text, copyLabel = "Copy the code" }: Props) {
  return (
    <div className="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre tabIndex={0}>{text}</pre>
      <div className="code-copy">
        <CopyToClipboard
          variant="icon"
          textToCopy={text}
          copyButtonAriaLabel={copyLabel}
          copySuccessText="Copied"
          copyErrorText="The browser does not allow copying here"
        />
      </div>
    </div>
  );
}
