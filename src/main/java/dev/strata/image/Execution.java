package dev.strata.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How a container of an image runs: the {@code config} member of {@link ImageConfig}.
 *
 * <p>Source: OCI image specification, config.md; {@code Healthcheck}, {@code OnBuild}, {@code Shell} and
 * {@code ArgsEscaped} as Docker's image specification 1.2 has them. Absent and empty differ for {@code entrypoint}
 * and {@code cmd}: null is "not set".
 *
 * @param env {@code NAME=value} in the order of definition
 * @param exposedPorts {@code 80/tcp} to an empty object
 * @param volumes absolute paths to an empty object
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonIgnoreProperties(ignoreUnknown = true)
public record Execution(
        @JsonProperty("User") @Nullable String user,
        @JsonProperty("ExposedPorts") SortedMap<String, Map<String, String>> exposedPorts,
        @JsonProperty("Env") List<String> env,

        @JsonProperty("Entrypoint") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
        List<String> entrypoint,

        @JsonProperty("Cmd") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
        List<String> cmd,

        @JsonProperty("Healthcheck") @Nullable Healthcheck healthcheck,
        @JsonProperty("ArgsEscaped") @Nullable Boolean argsEscaped,
        @JsonProperty("Volumes") SortedMap<String, Map<String, String>> volumes,
        @JsonProperty("WorkingDir") @Nullable String workingDir,
        @JsonProperty("OnBuild") List<String> onBuild,
        @JsonProperty("Labels") SortedMap<String, String> labels,
        @JsonProperty("StopSignal") @Nullable String stopSignal,

        @JsonProperty("Shell") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
        List<String> shell) {

    public static final Execution EMPTY = new Builder().build();

    public Execution {
        exposedPorts = sorted(exposedPorts);
        env = env == null ? List.of() : List.copyOf(env);
        entrypoint = entrypoint == null ? null : List.copyOf(entrypoint);
        cmd = cmd == null ? null : List.copyOf(cmd);
        volumes = sorted(volumes);
        onBuild = onBuild == null ? List.of() : List.copyOf(onBuild);
        labels = sorted(labels);
        shell = shell == null ? null : List.copyOf(shell);
    }

    private static <V> SortedMap<String, V> sorted(@Nullable Map<String, V> map) {
        return map == null ? Collections.emptySortedMap() : Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }

    /** A probe of a running container; durations in nanoseconds. Source: Docker's image specification 1.2. */
    @JsonInclude(JsonInclude.Include.NON_DEFAULT)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Healthcheck(
            @JsonProperty("Test") @Nullable List<String> test,
            @JsonProperty("Interval") long interval,
            @JsonProperty("Timeout") long timeout,
            @JsonProperty("StartPeriod") long startPeriod,
            @JsonProperty("StartInterval") long startInterval,
            @JsonProperty("Retries") int retries) {}

    /** The environment as a map, in order of definition. */
    public Map<String, String> environment() {
        Map<String, String> map = new LinkedHashMap<>();
        for (String pair : env) {
            int equals = pair.indexOf('=');
            map.put(equals < 0 ? pair : pair.substring(0, equals), equals < 0 ? "" : pair.substring(equals + 1));
        }
        return map;
    }

    /** A changeable copy, for the instructions that change one member. */
    public Builder edit() {
        Builder builder = new Builder();
        builder.user = user;
        builder.exposedPorts = new TreeMap<>(exposedPorts);
        builder.env = new LinkedHashMap<>(environment());
        builder.entrypoint = entrypoint;
        builder.cmd = cmd;
        builder.healthcheck = healthcheck;
        builder.argsEscaped = argsEscaped;
        builder.volumes = new TreeMap<>(volumes);
        builder.workingDir = workingDir;
        builder.onBuild = onBuild;
        builder.labels = new TreeMap<>(labels);
        builder.stopSignal = stopSignal;
        builder.shell = shell;
        return builder;
    }

    /** A changeable {@link Execution}; its members are set directly and never shared. */
    public static final class Builder {
        public @Nullable String user;
        public SortedMap<String, Map<String, String>> exposedPorts = new TreeMap<>();
        public LinkedHashMap<String, String> env = new LinkedHashMap<>();
        public @Nullable List<String> entrypoint;
        public @Nullable List<String> cmd;
        public @Nullable Healthcheck healthcheck;
        public @Nullable Boolean argsEscaped;
        public SortedMap<String, Map<String, String>> volumes = new TreeMap<>();
        public @Nullable String workingDir;
        public List<String> onBuild = List.of();
        public SortedMap<String, String> labels = new TreeMap<>();
        public @Nullable String stopSignal;
        public @Nullable List<String> shell;

        Builder() {}

        public Execution build() {
            List<String> pairs = env.entrySet().stream()
                    .map(e -> e.getKey() + "=" + e.getValue())
                    .toList();
            return new Execution(
                    user,
                    exposedPorts,
                    pairs,
                    entrypoint,
                    cmd,
                    healthcheck,
                    argsEscaped,
                    volumes,
                    workingDir,
                    onBuild,
                    labels,
                    stopSignal,
                    shell);
        }
    }
}
