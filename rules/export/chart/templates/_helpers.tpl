{{/* The name that objects begin with: the release's, with the chart's unless that is in it. */}}
{{- define "rulekit-rules.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels of a PrometheusRule: dict "root" $ "engine" NAME. */}}
{{- define "rulekit-rules.labels" -}}
{{- $labels := dict
      "app.kubernetes.io/name" "rulekit-rules"
      "app.kubernetes.io/component" .engine
      "app.kubernetes.io/instance" .root.Release.Name
      "app.kubernetes.io/managed-by" .root.Release.Service
      "helm.sh/chart" (printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_")) -}}
{{- toYaml (merge (dict) (default dict .root.Values.labels) $labels) -}}
{{- end -}}

{{/*
A text of a rule with the values of its parameters: dict "values" VALUES "units" UNITS "alert" NAME
"text" TEXT, with the units of files/units.yaml.
$(NAME) stands for the value as it is, and $(NAME:5 minutes) for one that is written like
"5 minutes", in an annotation. The {{ }} of Prometheus are no business of Helm's here: the rules
are data in files/, not templates.
*/}}
{{- define "rulekit-rules.fill" -}}
{{- $text := .text -}}
{{- range $place := regexFindAll `\$\([a-z][a-z0-9_]*(:[^()]*)?\)` .text -1 | uniq -}}
{{-   $name := regexFind "[a-z][a-z0-9_]*" $place -}}
{{-   if not (hasKey $.values $name) -}}
{{-     fail (printf "alerts.%s.%s has no value" $.alert $name) -}}
{{-   end -}}
{{-   $value := get $.values $name -}}
{{-   if and (ne $name "for") (include "rulekit-rules.isZero" $value) -}}
{{-     fail (printf "alerts.%s.%s is 0: want a duration such as 5m" $.alert $name) -}}
{{-   end -}}
{{-   $like := $place | trimPrefix (printf "$(%s" $name) | trimSuffix ")" | trimPrefix ":" -}}
{{-   if $like -}}
{{-     $text = replace $place (include "rulekit-rules.written" (dict "units" $.units "value" $value "like" $like)) $text -}}
{{-   else -}}
{{-     $plain := $value -}}
{{-     if not (kindIs "string" $value) -}}{{- $plain = toJson $value -}}{{- end -}}
{{-     $text = $text | replace (quote $place) (quote $plain) | replace $place $plain -}}
{{-   end -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{/* Not empty for a duration of nothing. */}}
{{- define "rulekit-rules.isZero" -}}
{{- if regexMatch "^(0+(ms|[smhdwy]))+$" (toString .) -}}true{{- end -}}
{{- end -}}

{{/* A value as an annotation writes it: dict "units" UNITS "value" VALUE "like" "5 minutes". */}}
{{- define "rulekit-rules.written" -}}
{{- $number := regexFind "^[0-9.]+" .like -}}
{{- $separator := regexFind "^[ -]?" (trimPrefix $number .like) -}}
{{- $word := trimPrefix (print $number $separator) .like -}}
{{- $value := include "rulekit-rules.amount" .value | float64 -}}
{{- if eq $word "" -}}
{{-   include "rulekit-rules.number" $value -}}
{{- else if eq $word "%" -}}
{{-   include "rulekit-rules.number" (mulf $value 100.0) }}{{ $separator }}%
{{- else -}}
{{-   $unit := include "rulekit-rules.unit" (dict "units" .units "value" $value "number" (float64 $number) "word" $word) | fromJsonArray -}}
{{-   $number = include "rulekit-rules.number" (divf $value (index $unit 2)) -}}
{{-   $number }}{{ $separator }}{{ index $unit (ternary 0 1 (or (eq $number "1") (eq $separator "-"))) -}}
{{- end -}}
{{- end -}}

{{/* A value as a number; a duration is in seconds. */}}
{{- define "rulekit-rules.amount" -}}
{{- if and (kindIs "string" .) (not (regexMatch "^[-+0-9.eE]+$" .)) -}}
{{-   $sizes := dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0 "w" 604800.0 "y" 31536000.0 -}}
{{-   $sum := 0.0 -}}
{{-   range $part := regexFindAll "[0-9]+(ms|[smhdwy])" . -1 -}}
{{-     $n := regexFind "^[0-9]+" $part -}}
{{-     $sum = addf $sum (mulf (float64 $n) (get $sizes (trimPrefix $n $part))) -}}
{{-   end -}}
{{-   toJson $sum -}}
{{- else -}}
{{-   toJson (float64 .) -}}
{{- end -}}
{{- end -}}

{{/* A number without the noise of binary fractions. */}}
{{- define "rulekit-rules.number" -}}
{{- printf "%.15g" . | float64 | toJson -}}
{{- end -}}

{{/*
The unit to write a value in: dict "units" UNITS "value" 600 "number" 5 "word" "minutes".
It is the word's own if the value is as it was, or that gives a number that is easy to read; else the
largest that does. 90 minutes are easy to read, 1440 are not.
*/}}
{{- define "rulekit-rules.unit" -}}
{{- $chosen := list -}}
{{- range $family := .units -}}
{{-   $larger := 0.0 -}}
{{-   range $own := $family -}}
{{-     if and (not $chosen) (has $.word (initial $own)) -}}
{{-       $same := eq (printf "%.14g" (mulf $.number (last $own))) (printf "%.14g" $.value) -}}
{{-       range $i, $unit := prepend $family $own -}}
{{-         $n := mulf (divf $.value (last $unit)) 10.0 -}}
{{-         $easy := and (ge $.value (float64 (last $unit))) (eq (printf "%.14g" $n | float64) (round $n 0)) -}}
{{-         if eq $i 0 -}}
{{-           $short := and $easy (or (eq $larger 0.0) (lt $.value (mulf 2.0 $larger))) -}}
{{-           $easy = or $short $same (eq $.value 0.0) -}}
{{-         end -}}
{{-         if and $easy (not $chosen) -}}{{- $chosen = $unit -}}{{- end -}}
{{-       end -}}
{{-       if not $chosen -}}{{- $chosen = last $family -}}{{- end -}}
{{-     end -}}
{{-     $larger = float64 (last $own) -}}
{{-   end -}}
{{- end -}}
{{- toJson $chosen -}}
{{- end -}}
