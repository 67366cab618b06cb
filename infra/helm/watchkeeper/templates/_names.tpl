{{- define "watchkeeper.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "watchkeeper.labels" -}}
app.kubernetes.io/name: watchkeeper
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "watchkeeper.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "watchkeeper.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "watchkeeper.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "watchkeeper.environment" -}}
- {name: WATCHKEEPER_CONFIG, value: /etc/watchkeeper/config.yaml}
- {name: HOME, value: /tmp}
- {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
{{- with .Values.sources.prometheus }}
- {name: PROMETHEUS_URL, value: {{ . | quote }}}
{{- end }}
{{- with .Values.sources.loki }}
- {name: LOKI_URL, value: {{ . | quote }}}
{{- end }}
{{- with .Values.sources.tempo }}
- {name: TEMPO_URL, value: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "watchkeeper.secrets" -}}
{{- range $name := list .Values.existingSecret.database .Values.existingSecret.redis .Values.existingSecret.model .Values.existingSecret.chat .Values.existingSecret.webhook .Values.existingSecret.metrics .Values.existingSecret.sources }}
{{- if $name }}
- secretRef: {name: {{ $name }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "watchkeeper.scrapeAuthorization" -}}
{{- with .Values.existingSecret.metrics }}
authorization:
  type: Bearer
  credentials: {name: {{ . }}, key: WATCHKEEPER_SERVER__METRICS_TOKEN}
{{- end }}
{{- end -}}

{{- define "watchkeeper.volumeMounts" -}}
- {name: config, mountPath: /etc/watchkeeper, readOnly: true}
- {name: scratch, mountPath: /tmp}
{{- end -}}

{{- define "watchkeeper.volumes" -}}
- name: config
  configMap: {name: {{ include "watchkeeper.name" . }}}
- name: scratch
  emptyDir: {sizeLimit: 256Mi}
{{- end -}}

{{- define "watchkeeper.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
