#!/bin/bash
# Stands in for the script of the same name: it checks its arguments and prints
# a gateway.
set -euo pipefail
echo "gen-eastwest-gateway.sh $*" >> "$TOOLS_LOG"
[ $# = 4 ] && [ "$1" = --network ] && [ "$3" = --revision ]
cat <<YAML
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: eastwest}
spec:
  profile: empty
  revision: "$4"
  components:
    ingressGateways:
      - name: istio-eastwestgateway
        enabled: true
        label: {istio: eastwestgateway, app: istio-eastwestgateway, topology.istio.io/network: $2}
YAML
