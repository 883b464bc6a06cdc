# Compiles both templates and the parameters with the real compiler, and takes a warning for an error. Needs az, and no sign-in.
set -euo pipefail

# what a parameter file must find in the environment, if nobody has set it yet
export AZURE_RESOURCE_GROUP="${AZURE_RESOURCE_GROUP:-none}"
export AZURE_ENV_NAME="${AZURE_ENV_NAME:-compile}" AZURE_LOCATION="${AZURE_LOCATION:-westeurope}"
export DRIFTLOOP_REPOSITORY="${DRIFTLOOP_REPOSITORY:-owner/name}"
source infra/parameters.sh

failed=0
check() {
  local messages
  messages="$("$@" --stdout 2>&1 >/dev/null)" || failed=1
  if grep --extended-regexp --quiet '(Warning|Error) ' <<<"$messages"; then failed=1; fi
  if [[ -n "$messages" ]]; then echo "$messages"; fi
}
check az bicep build --file infra/main.bicep
check az bicep build --file infra/events.bicep
check az bicep build-params --file infra/main.bicepparam
exit "$failed"
