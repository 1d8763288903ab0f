{{- define "labels" -}}
app: {{ index . 0 }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/instance: {{ index . 0 }}
app.kubernetes.io/managed-by: cdk8s
app.kubernetes.io/name: {{ index . 2 }}
app.kubernetes.io/part-of: {{ index . 3 }}
{{- end }}

{{- define "keepData" -}}
argocd.argoproj.io/sync-options: Prune=false,Delete=false
kapp.k14s.io/delete-strategy: orphan
kustomize.toolkit.fluxcd.io/prune: disabled
{{- end }}

{{- define "containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
readOnlyRootFilesystem: true
{{- end }}

{{- define "podSecurity" -}}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
runAsGroup: {{ . }}
runAsNonRoot: true
runAsUser: {{ . }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "resources" -}}
requests:
  cpu: {{ index . 0 | quote }}
  memory: {{ index . 1 }}
limits:
  cpu: {{ index . 2 | quote }}
  memory: {{ index . 3 }}
{{- end }}
