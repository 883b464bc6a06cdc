# What a deployment would change, for a pull request: asked with an identity that may not write, so Azure is told not to check for that.
set -euo pipefail

source infra/parameters.sh
answer="$(mktemp)"
bash infra/sign-in.sh
az deployment group what-if --only-show-errors --no-prompt true --validation-level ProviderNoRbac \
  --resource-group "$group" --name driftloop-preview --parameters infra/main.bicepparam | tee "$answer"
{
  echo "### What would change"
  echo '```text'
  head -c 900000 "$answer" # a summary holds 1 MiB
  echo '```'
} >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
