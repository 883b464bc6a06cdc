# Deploys the template, then the package, then the event subscriptions, which need the functions of the package.
# Reads what main.bicepparam names, and AZURE_RESOURCE_GROUP; $1 is the package. Safe to run again.
set -euo pipefail

package="${1:?name the package that python -m infra.package wrote}"
source infra/parameters.sh

bash infra/sign-in.sh
python3 -m infra.deleted_names recover # if azd down, or somebody, deleted the vault: its name is not free
outputs="$(az deployment group create --only-show-errors --resource-group "$group" --name driftloop \
  --parameters infra/main.bicepparam --query properties.outputs --output json)"
# Azure Resource Manager alters the case of output names.
put_out() {
  python3 -c 'import json, sys
print(next(str(one["value"]) for name, one in json.load(sys.stdin).items() if name.upper() == sys.argv[1]))' "$1" <<<"$outputs"
}
app="$(put_out AZURE_FUNCTION_APP)"

bash infra/sign-in.sh
az functionapp deployment source config-zip --only-show-errors --output none \
  --resource-group "$group" --name "$app" --src "$package" --build-remote false

# An app whose package cannot be indexed comes up with no functions and says nothing.
for attempt in $(seq 1 20); do
  functions="$(az functionapp function list --only-show-errors --resource-group "$group" --name "$app" --query "length(@)" --output tsv)"
  if [[ "${functions:-0}" -gt 0 ]]; then break; fi
  if [[ "$attempt" == 20 ]]; then
    echo "::error::$app has no functions after its deployment: look at its log stream for the import that fails"
    exit 1
  fi
  sleep "${DRIFTLOOP_PAUSE:-15}"
done

az deployment group create --only-show-errors --output none --resource-group "$group" --name driftloop-events \
  --template-file infra/events.bicep --parameters \
  functionAppName="$app" dataStorageName="$(put_out AZURE_DATA_STORAGE)" \
  modelsTopicName="$(put_out DRIFTLOOP_MODELS_TOPIC)" recordsTopicName="$(put_out DRIFTLOOP_RECORDS_TOPIC)" \
  eventsIdentityId="$(put_out DRIFTLOOP_EVENTS_IDENTITY)" checkOnArrival="$(put_out DRIFTLOOP_CHECK_ON_ARRIVAL)"

{
  echo "### Provisioned"
  echo "$functions functions in \`$app\`; health: $(put_out DRIFTLOOP_HEALTH_URL)"
} >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}"
