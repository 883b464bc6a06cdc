// Kusto's own analysis of queries. Reads {"tables": {name: schema}, "queries": [text]} from standard input; writes, for each
// query, the list of what is wrong with it.
require("@kusto/language-service-next/bridge");
require("@kusto/language-service-next/Kusto.Language.Bridge");

const { KustoCode, GlobalState, Symbols } = Kusto.Language;

function messages(query, globals) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: System.Array.getCount(found) }, (_, i) => System.Array.getItem(found, i).Message);
}

const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const tables = Object.entries(asked.tables).map(([name, schema]) => Symbols.TableSymbol.From(schema).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("logs", tables));
console.log(JSON.stringify(asked.queries.map((query) => messages(query, globals))));
