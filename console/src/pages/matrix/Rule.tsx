/** The rule of the verdicts in words. */
import { Facts } from '@/parts/Page';
import { Verdict, VERDICTS } from '@/parts/Verdict';
import { strings } from '@/strings';

const words = strings.matrix;

export function Rule({ help = false }: { readonly help?: boolean }) {
  return (
    <>
      {help && <Facts title={words.selected}>{words.cellHelp}</Facts>}
      <Facts title={words.verdictRule}>
        <dl style={{ margin: 0 }}>
          {VERDICTS.map((verdict) => (
            <div key={verdict} style={{ marginBottom: 8 }}>
              <dt><Verdict verdict={verdict} /></dt>
              <dd style={{ margin: '0 0 0 22px', color: 'var(--ink-soft)', fontSize: 13 }}>{strings.testing.rules[verdict]}</dd>
            </div>
          ))}
        </dl>
      </Facts>
    </>
  );
}
