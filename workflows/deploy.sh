# Deploys MODEL_VERSION of DRIFTLOOP_MODEL (of the only model, when none is named), or goes back (DEPLOY_ACTION=rollback), to the
# version in service before when none is named.
set -euo pipefail

arguments=()
if [[ -n "${DRIFTLOOP_MODEL:-}" ]]; then arguments+=(--model "$DRIFTLOOP_MODEL"); fi
if [[ -n "${MODEL_VERSION:-}" ]]; then arguments+=(--version "$MODEL_VERSION"); fi
if [[ "${DEPLOY_ACTION:-deploy}" == rollback ]]; then arguments=(rollback "${arguments[@]}"); fi
exec python -m workflows.deploy "${arguments[@]}"
