# Signs az in with the OIDC token of a GitHub job. Run before each long command: the session lasts about an hour, but the token
# behind it minutes, so az cannot renew it. Elsewhere it only makes sure that az is signed in.
set -euo pipefail

if [[ "${GITHUB_ACTIONS:-}" != true ]]; then # a laptop, or a task of Azure Pipelines that has signed in already
  az account show --only-show-errors --output none || { echo "az is not signed in: run az login" >&2; exit 1; }
  exit 0
fi
: "${ACTIONS_ID_TOKEN_REQUEST_URL:?the job needs the permission id-token: write}"
: "${AZURE_CLIENT_ID:?is not set: run python -m infra.identities first (docs/identities.md)}"
: "${AZURE_TENANT_ID:?is not set: run python -m infra.identities first (docs/identities.md)}"
: "${AZURE_SUBSCRIPTION_ID:?is not set: run python -m infra.identities first (docs/identities.md)}"

assertion="$(curl --silent --show-error --fail --retry 3 \
  --header "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=api://AzureADTokenExchange" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["value"])')"
echo "::add-mask::$assertion"
az login --only-show-errors --output none --service-principal \
  --username "$AZURE_CLIENT_ID" --tenant "$AZURE_TENANT_ID" --federated-token "$assertion"
az account set --subscription "$AZURE_SUBSCRIPTION_ID"
