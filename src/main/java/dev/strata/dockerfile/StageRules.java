package dev.strata.dockerfile;

import dev.strata.dockerfile.Instruction.Argument;
import dev.strata.dockerfile.Instruction.Pair;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the instructions of a stage say, with the variables as they are at that place. */
final class StageRules {
    private static final Pattern SECRET_NAME = Pattern.compile(
            "(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern HARMLESS_NAME =
            Pattern.compile("(?:_|^)(?:public|file|version)(?:_|$)", Pattern.CASE_INSENSITIVE);
    private static final Pattern ABSOLUTE = Pattern.compile("(?:[A-Za-z]:)?[/\\\\].*|[A-Za-z]:");

    /** Read by the builder, never variables of a stage. */
    private static final Set<String> BUILDER_ARGS = Set.of("BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE");

    /** To look for what was meant takes time, and nobody reads more. */
    private static final int MOST_SUGGESTIONS = 200;

    private final LintOptions options;
    private final GlobalScope scope;
    private final StageReferences references;
    private final Findings findings;
    private final Map<Integer, StageState> ends = new HashMap<>();
    private int suggestions;

    StageRules(LintOptions options, GlobalScope scope, StageReferences references, Findings findings) {
        this.options = options;
        this.scope = scope;
        this.references = references;
        this.findings = findings;
    }

    void check(Stage stage) {
        StageState state = start(stage);
        Map<String, Integer> lastSet = lastSet(stage);
        for (int i = 0; i < stage.instructions().size(); i++) {
            Instruction instruction = stage.instructions().get(i);
            if (instruction instanceof Instruction.Arg arg) {
                instruction(arg, state);
                arguments(arg, i, state, lastSet);
                continue;
            }
            undefined(instruction, unset(instruction, state), i, state, lastSet);
            instruction(instruction, state);
            apply(instruction, state);
        }
        ends.put(stage.index(), state);
    }

    private StageState start(Stage stage) {
        String base;
        try {
            base = scope.expand(stage.base()).text();
        } catch (ExpansionException e) {
            return new StageState((Set<String>) null);
        }
        Stage below = references.base(stage);
        StageState end = below == null ? null : ends.get(below.index());
        return end == null ? new StageState(options.baseVariables().apply(base)) : new StageState(end);
    }

    /** Where in the stage each name is set for the last time. */
    private static Map<String, Integer> lastSet(Stage stage) {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < stage.instructions().size(); i++) {
            int place = i;
            switch (stage.instructions().get(i)) {
                case Instruction.Env env -> env.pairs().forEach(pair -> last.put(pair.name(), place));
                case Instruction.Arg arg -> arg.arguments().forEach(one -> last.put(one.name(), place));
                default -> {}
            }
        }
        return last;
    }

    /** Each sees those before it; a default that is not used is not expanded. */
    private void arguments(Instruction.Arg arg, int place, StageState state, Map<String, Integer> lastSet) {
        for (Argument argument : arg.arguments()) {
            String value = options.buildArgs().containsKey(argument.name()) ? null : argument.value();
            undefined(arg, value == null ? Set.of() : unset(value, state, false), place, state, lastSet);
            apply(argument, state);
        }
    }

    private Set<String> unset(Instruction instruction, StageState state) {
        Set<String> unset = new HashSet<>();
        for (String word : ExpandedWords.of(instruction)) {
            unset.addAll(unset(word, state, false));
        }
        for (String text : ExpandedWords.heredocs(instruction)) {
            unset.addAll(unset(text, state, true));
        }
        return unset;
    }

    private void undefined(
            Instruction instruction, Set<String> unset, int place, StageState state, Map<String, Integer> lastSet) {
        for (String name : unset.stream().sorted().toList()) {
            if (BUILDER_ARGS.contains(name) || state.declares(name)) {
                continue;
            }
            String meant = suggestions++ < MOST_SUGGESTIONS ? Suggestion.closest(name, state.names()) : null;
            boolean later = lastSet.getOrDefault(name, -1) > place;
            boolean notTheBases = GlobalScope.PLATFORM_ARGS.contains(name)
                    || (scope.declared().contains(name) && !name.endsWith("_VERSION"));
            // Otherwise an unknown base image may well have it.
            if (state.complete() || later || meant != null || notTheBases) {
                findings.add(LintRule.UNDEFINED_VAR, instruction.source(), undefined(name, meant, later));
            }
        }
    }

    private String undefined(String name, @Nullable String meant, boolean later) {
        String what = "$" + name + " is not set here";
        if (later) {
            return what + ", but further down";
        }
        if (scope.declared().contains(name)) {
            return what + "; repeat ARG " + name + " in this stage";
        }
        return what + (meant == null ? "" : " (did you mean $" + meant + "?)");
    }

    private Set<String> unset(String word, StageState state, boolean heredoc) {
        try {
            Expansion expansion = heredoc ? new Expansion('\\') : scope.expansion();
            return heredoc
                    ? expansion.heredoc(word, state::get).unmatched()
                    : expansion.word(word, state::get).unmatched();
        } catch (ExpansionException e) {
            return Set.of(); // the build says so, with the values that it has
        }
    }

    private String expand(String word, StageState state) {
        try {
            return scope.expansion().word(word, state::get).text();
        } catch (ExpansionException e) {
            return word;
        }
    }

    private void instruction(Instruction instruction, StageState state) {
        SecretValue.check(instruction, findings);
        switch (instruction) {
            case Instruction.Env env -> {
                legacy(env.source(), env.pairs());
                env.pairs().forEach(pair -> secretName("ENV", pair.name(), env.source()));
            }
            case Instruction.Label label -> legacy(label.source(), label.pairs());
            case Instruction.Arg arg -> {
                DescriptionRule.check(arg, findings);
                arg.arguments().forEach(one -> secretName("ARG", one.name(), arg.source()));
            }
            case Instruction.Cmd cmd -> state.command = once(cmd.source(), "CMD", cmd.command(), state.command, state);
            case Instruction.Entrypoint entrypoint ->
                state.entrypoint =
                        once(entrypoint.source(), "ENTRYPOINT", entrypoint.command(), state.entrypoint, state);
            case Instruction.Healthcheck check ->
                state.healthcheck = once(check.source(), "HEALTHCHECK", null, state.healthcheck, state);
            case Instruction.Maintainer maintainer ->
                findings.add(
                        LintRule.MAINTAINER_DEPRECATED,
                        maintainer.source(),
                        "MAINTAINER is out of use; write LABEL org.opencontainers.image.authors=");
            case Instruction.Workdir workdir -> workdir(workdir, state);
            case Instruction.Expose expose -> expose(expose, state);
            case Instruction.Copy copy when copy.from() == null -> sources(copy.source(), copy.sources(), state);
            case Instruction.Add add -> {
                sources(add.source(), add.sources(), state);
                checksum(add, state);
            }
            default -> {}
        }
    }

    private void legacy(Source source, List<Pair> pairs) {
        String keyword = source.keyword().toUpperCase(Locale.ROOT);
        for (Pair pair : pairs) {
            if (pair.spaced()) {
                findings.add(
                        LintRule.LEGACY_KEY_VALUE_FORMAT,
                        source,
                        "Write " + keyword + " " + pair.name() + "=value, with quotes around a value that has spaces");
            }
        }
    }

    private void secretName(String keyword, String name, Source source) {
        if (SECRET_NAME.matcher(name).find() && !HARMLESS_NAME.matcher(name).find()) {
            findings.add(
                    LintRule.SECRETS_USED_IN_ARG_OR_ENV,
                    source,
                    keyword + " " + name + " looks like a secret, and would stay in the image;"
                            + " use RUN --mount=type=secret");
        }
    }

    /** Reports the one that came before, as it is the one that does not count. */
    private Source once(
            Source source, String keyword, @Nullable Command command, @Nullable Source before, StageState state) {
        if (before != null) {
            findings.add(
                    LintRule.MULTIPLE_INSTRUCTIONS_DISALLOWED,
                    source,
                    before.location(),
                    "This " + keyword + " does not count: a later one in this stage replaces it");
        }
        if (command instanceof Command.Shell && !state.shellSet) {
            findings.add(
                    LintRule.JSON_ARGS_RECOMMENDED,
                    source,
                    keyword + " runs behind a shell, which keeps signals from it; write it as a JSON array");
        }
        return source;
    }

    private void workdir(Instruction.Workdir workdir, StageState state) {
        String path = expand(workdir.path(), state);
        if (!state.workdirSet && !ABSOLUTE.matcher(path).matches()) {
            findings.add(
                    LintRule.WORKDIR_RELATIVE_PATH,
                    workdir.source(),
                    "WORKDIR " + path + " depends on the base image's; write the whole path");
        }
        state.workdirSet = true;
    }

    private void expose(Instruction.Expose expose, StageState state) {
        for (String written : expose.ports().stream().sorted().toList()) {
            for (String port : expandWords(written, state)) {
                int slash = port.lastIndexOf('/');
                String protocol = slash < 0 ? "" : port.substring(slash + 1);
                if (!protocol.equals(protocol.toLowerCase(Locale.ROOT))) {
                    findings.add(
                            LintRule.EXPOSE_PROTO_CASING,
                            expose.source(),
                            "The protocol of " + port + " should be " + protocol.toLowerCase(Locale.ROOT));
                }
                if (Ports.namesHost(port)) {
                    findings.add(
                            LintRule.EXPOSE_INVALID_FORMAT,
                            expose.source(),
                            port + " names an address or a host's port; EXPOSE takes the container's port only");
                }
            }
        }
    }

    private List<String> expandWords(String written, StageState state) {
        try {
            return scope.expansion().words(written, state::get);
        } catch (ExpansionException e) {
            return List.of(written);
        }
    }

    private void sources(Source source, List<String> paths, StageState state) {
        PathPatterns ignored = options.ignoreFile().matcher();
        if (ignored.size() == 0 || ignored.hasExceptions()) {
            return; // with exceptions, what is left of a folder cannot be told from its name
        }
        for (String written : paths) {
            String path = SlashPath.clean(expand(written, state));
            boolean isRoot = path.equals(".") || path.equals("/");
            boolean leftOut = isRoot ? leavesNothing() : ignored.matches(path);
            if (leftOut && !path.contains("://")) {
                findings.add(
                        LintRule.COPY_IGNORED_FILE,
                        source,
                        path + " is left out of the build context by the ignore file");
            }
        }
    }

    private boolean leavesNothing() {
        return options.ignoreFile().patterns().stream().anyMatch(Set.of("*", "**", "**/*")::contains);
    }

    private void checksum(Instruction.Add add, StageState state) {
        for (String written : add.sources()) {
            String url = expand(written, state);
            if (add.checksum() == null && RemoteSource.isDownload(url)) {
                findings.add(
                        LintRule.ADD_URL_WITHOUT_CHECKSUM,
                        add.source(),
                        "ADD takes whatever the server sends; add --checksum=sha256:… of what it should be");
            }
        }
    }

    private void apply(Instruction instruction, StageState state) {
        switch (instruction) {
            case Instruction.Env env -> {
                Map<String, String> set = new HashMap<>();
                env.pairs().forEach(pair -> set.put(expand(pair.name(), state), expand(pair.value(), state)));
                set.forEach(state::set);
            }
            case Instruction.Shell shell -> state.shellSet = true;
            default -> {}
        }
    }

    private void apply(Argument argument, StageState state) {
        state.declare(argument.name());
        String given = options.buildArgs().get(argument.name());
        if (given == null && argument.value() != null) {
            given = expand(argument.value(), state);
        }
        if (given == null) {
            given = scope.values().get(argument.name());
        }
        if (given != null && !BUILDER_ARGS.contains(argument.name())) {
            state.set(argument.name(), given);
        }
    }
}
