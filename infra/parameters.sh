# Sourced by preview.sh and apply.sh: what main.bicepparam reads from the environment.
# A workflow passes on a variable that nobody has set as an empty one; unset, it gets the default that main.bicepparam gives.
for name in $(compgen -e | grep --extended-regexp '^(AZURE|DRIFTLOOP|DRIFT)_'); do
  if [[ -z "${!name}" ]]; then unset "$name"; fi
done
: "${AZURE_LOCATION:?is not set: run python -m infra.identities first (docs/identities.md)}"
group="${AZURE_RESOURCE_GROUP:?is not set: run python -m infra.identities first (docs/identities.md)}"
