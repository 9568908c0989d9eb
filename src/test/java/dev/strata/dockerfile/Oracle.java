package dev.strata.dockerfile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Brings what Strata reads into the form in which BuildKit's reading was recorded, and compares the two. */
final class Oracle {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Oracle() {}

    static JsonNode json(@Nullable Object value) {
        return JSON.valueToTree(value);
    }

    /** The first difference between what BuildKit made of a file and what Strata does; null where there is none. */
    static @Nullable String difference(byte[] text, JsonNode oracle) {
        JsonNode error = oracle.has("parse_error") ? oracle.path("parse_error") : oracle.path("instruction_error");
        Dockerfile file;
        try {
            file = Dockerfile.parse("Dockerfile", text);
        } catch (DockerfileException e) {
            if (error.isMissingNode()) {
                return "refused: " + e.errors().getFirst();
            }
            JsonNode wanted = error.path("lines");
            boolean hasPlace =
                    e.errors().stream().anyMatch(one -> compare("", json(lines(one.location())), wanted) == null);
            // Where BuildKit has read a line but no statement, it names the line before.
            boolean ofALine = error.path("message")
                    .asText()
                    .matches(".*(max allowed size|parser directive can be used|invalid escape token).*");
            boolean lineBefore = wanted.path(0).asInt() == 0
                    || (ofALine
                            && e.errors().stream()
                                    .anyMatch(one -> one.location().startLine()
                                            == wanted.path(0).asInt() + 1));
            return hasPlace || lineBefore ? null : "errors are " + e.errors() + ", not " + error;
        }
        if (!error.isMissingNode()) {
            return "accepted, but BuildKit says " + error;
        }
        List<Statement> statements = statements(text, new ArrayList<>());
        String dump = dump(statements);
        if (!dump.strip().equals(oracle.path("dump").asText().strip())) {
            return "dump is " + dump + " not " + oracle.path("dump").asText();
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("escape", String.valueOf(file.directives().escape()));
        all.put("instructions", statements.stream().map(Oracle::statement).toList());
        all.put("meta_args", file.globalArgs().stream().map(Oracle::command).toList());
        all.put("stages", file.stages().stream().map(Oracle::stage).toList());
        for (Map.Entry<String, Object> entry : all.entrySet()) {
            String difference = compare(entry.getKey(), json(entry.getValue()), oracle.path(entry.getKey()));
            if (difference != null) {
                return difference;
            }
        }
        return first(warnings(statements, oracle.path("warnings")), syntax(file.directives(), oracle));
    }

    private static @Nullable String first(@Nullable String one, @Nullable String other) {
        return one == null ? other : one;
    }

    private static @Nullable String warnings(List<Statement> statements, JsonNode expected) {
        List<Integer> found = statements.stream()
                .map(one -> one.source().emptyContinuation())
                .filter(line -> line > 0)
                .toList();
        List<Integer> wanted = new ArrayList<>();
        expected.forEach(warning -> wanted.add(warning.path("line").asInt()));
        return found.equals(wanted) ? null : "warnings are at " + found + ", not " + wanted;
    }

    private static @Nullable String syntax(Directives directives, JsonNode oracle) {
        JsonNode expected = oracle.path("syntax_directive");
        String found = directives.syntax() == null ? "" : directives.syntax().image();
        return found.equals(expected.path("ref").asText()) ? null : "syntax is " + found + ", not " + expected;
    }

    static List<Statement> statements(byte[] text, List<SyntaxError> errors) {
        String all = new String(text, StandardCharsets.UTF_8);
        List<String> lines = Lines.split(all.startsWith("\ufeff") ? all.substring(1) : all);
        return new LineReader(lines, Lines.withoutEnds(lines), errors).read();
    }

    static List<Integer> lines(Location location) {
        List<Integer> lines = new ArrayList<>();
        for (int line = location.startLine(); line <= location.endLine(); line++) {
            lines.add(line);
        }
        return lines;
    }

    /** The first difference, with the path to it; null where there is none. What only ours has does not count. */
    static @Nullable String compare(String path, JsonNode ours, JsonNode theirs) {
        if (path.endsWith(".mount_error")) {
            return null; // both have one; the words are the tools' own
        }
        if (path.contains(".mounts[") && theirs.isObject()) {
            return mount(path, ours, theirs);
        }
        if (theirs.isObject() && ours.isObject()) {
            for (Map.Entry<String, JsonNode> entry : theirs.properties()) {
                JsonNode mine = ours.path(entry.getKey());
                String difference = mine.isMissingNode()
                        ? path + "." + entry.getKey() + " is missing"
                        : compare(path + "." + entry.getKey(), mine, entry.getValue());
                if (difference != null) {
                    return difference;
                }
            }
            return null;
        }
        if (theirs.isArray() && ours.isArray()) {
            for (int i = 0; i < Math.min(ours.size(), theirs.size()); i++) {
                String difference = compare(path + "[" + i + "]", ours.get(i), theirs.get(i));
                if (difference != null) {
                    return difference;
                }
            }
            return ours.size() == theirs.size() ? null : path + " has " + ours.size() + ", not " + theirs.size();
        }
        boolean same = (ours.isNumber() && theirs.isNumber()) ? ours.asLong() == theirs.asLong() : ours.equals(theirs);
        return same ? null : path + " is " + ours + ", not " + theirs;
    }

    /** Ours has the default of sharing, and one name for what a secret calls id, source or the target's last part. */
    private static @Nullable String mount(String path, JsonNode ours, JsonNode theirs) {
        String type = theirs.path("type").asText();
        for (Map.Entry<String, JsonNode> entry : theirs.properties()) {
            String key = entry.getKey();
            boolean named = type.equals("secret") || type.equals("ssh");
            boolean same = switch (key) {
                case "sharing" -> (entry.getValue().asText() + ours.path(key).asText()).matches("|shared|(.+)\\1");
                case "id", "source" ->
                    named
                            ? entry.getValue().asText().isEmpty()
                                    || entry.getValue().equals(ours.path("name"))
                            : entry.getValue().equals(ours.path(key));
                default -> entry.getValue().asText().equals(ours.path(key).asText());
            };
            if (!same) {
                return path + "." + key + " is " + ours.path(key) + ", not " + entry.getValue();
            }
        }
        return null;
    }

    static String dump(List<Statement> statements) {
        StringBuilder out = new StringBuilder();
        statements.forEach(statement -> out.append('(').append(dump(statement)).append(")\n"));
        return out.toString();
    }

    private static String dump(Statement statement) {
        StringBuilder out = new StringBuilder(statement.source().keyword().toLowerCase(Locale.ROOT));
        if (!statement.flags().isEmpty()) {
            List<String> flags = statement.flags().stream().map(Oracle::quoted).toList();
            out.append(" [").append(String.join(" ", flags)).append("]");
        }
        Statement trigger = statement.trigger();
        if (trigger != null) {
            return out + " (" + dump(trigger) + ")";
        }
        arguments(statement).forEach(argument -> out.append(' ').append(quoted(argument)));
        return out.toString();
    }

    /** BuildKit gives an instruction that it does not know one empty argument. */
    private static List<String> arguments(Statement statement) {
        boolean known = InstructionReader.KEYWORDS.contains(statement.name().toUpperCase(Locale.ROOT));
        return known ? statement.arguments() : List.of("");
    }

    /** As Go's strconv.Quote. */
    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                case '\r' -> out.append("\\r");
                case 7 -> out.append("\\a");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case 11 -> out.append("\\v");
                default -> {
                    if (c < 32 || c == 127) {
                        out.append(String.format(Locale.ROOT, "\\x%02x", c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.append('"').toString();
    }

    private static Map<String, Object> statement(Statement statement) {
        Map<String, Object> all = new TreeMap<>();
        all.put("keyword", statement.source().keyword());
        all.put("instruction", statement.name());
        all.put("flags", statement.flags());
        all.put("args", arguments(statement));
        all.put("json_form", statement.trigger() == null && statement.json());
        all.put("start_line", statement.location().startLine());
        all.put("end_line", statement.location().endLine());
        all.put("original", statement.source().original());
        all.put("preceding_comments", statement.source().comments());
        all.put("heredocs", heredocs(statement));
        if (statement.trigger() != null) {
            all.put("trigger", statement(statement.trigger()));
        }
        return all;
    }

    static List<Map<String, Object>> heredocs(Statement statement) {
        return statement.heredocs().stream()
                .map(one -> Map.<String, Object>of(
                        "name", one.name(),
                        "expand", one.expand(),
                        "strip_tabs", one.stripTabs(),
                        "fd", one.fileDescriptor(),
                        "content", one.raw()))
                .toList();
    }

    private static Map<String, Object> stage(Stage stage) {
        Map<String, Object> all = new TreeMap<>();
        all.put("name", orEmpty(stage.name()));
        all.put("base", stage.base());
        all.put("platform", orEmpty(stage.platform()));
        all.put("from_keyword", stage.source().keyword());
        all.put("doc_comment", orEmpty(stage.comment()));
        all.put("start_line", stage.location().startLine());
        all.put("end_line", stage.location().endLine());
        all.put("commands", stage.instructions().stream().map(Oracle::command).toList());
        return all;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    static Map<String, Object> command(Instruction instruction) {
        Map<String, Object> all = fields(instruction);
        all.put("instruction", instruction.source().keyword().toLowerCase(Locale.ROOT));
        all.put("start_line", instruction.location().startLine());
        all.put("end_line", instruction.location().endLine());
        return all;
    }

    static Map<String, Object> fields(Instruction instruction) {
        Map<String, Object> all = new TreeMap<>();
        all.put("instruction", instruction.keyword().toLowerCase(Locale.ROOT));
        switch (instruction) {
            case Instruction.Run run -> run(run, all);
            case Instruction.Copy copy -> {
                transfer(copy.sources(), copy.heredocs(), copy.destination(), copy.chown(), copy.chmod(), all);
                all.put("from", orEmpty(copy.from()));
                all.put("link", copy.link());
                all.put("parents", copy.parents());
                all.put("exclude", copy.exclude());
            }
            case Instruction.Add add -> {
                transfer(add.sources(), add.heredocs(), add.destination(), add.chown(), add.chmod(), all);
                all.put("link", add.link());
                all.put("checksum", orEmpty(add.checksum()));
                all.put("exclude", add.exclude());
                all.put("keep_git_dir", add.keepGitDir() != null && add.keepGitDir());
                all.put("unpack", add.unpack());
            }
            case Instruction.Env env -> all.put("pairs", pairs(env.pairs()));
            case Instruction.Label label -> all.put("pairs", pairs(label.pairs()));
            case Instruction.Arg arg ->
                all.put("args", arg.arguments().stream().map(Oracle::argument).toList());
            case Instruction.Workdir workdir -> all.put("path", workdir.path());
            case Instruction.User user -> all.put("user", user.user());
            case Instruction.Expose expose ->
                all.put("ports_sorted", expose.ports().stream().sorted().toList());
            case Instruction.Volume volume -> all.put("volumes", volume.paths());
            case Instruction.Cmd cmd -> commandLine(cmd.command(), all);
            case Instruction.Entrypoint entrypoint -> commandLine(entrypoint.command(), all);
            case Instruction.StopSignal signal -> all.put("signal", signal.signal());
            case Instruction.Healthcheck check -> healthcheck(check, all);
            case Instruction.Shell shell -> all.put("shell", shell.arguments());
            case Instruction.OnBuild trigger -> all.put("expression", trigger.trigger());
            case Instruction.Maintainer maintainer -> all.put("maintainer", maintainer.maintainer());
        }
        return all;
    }

    private static void transfer(
            List<String> sources,
            List<Heredoc> heredocs,
            String destination,
            @Nullable String chown,
            @Nullable String chmod,
            Map<String, Object> all) {
        all.put("sources", sources);
        all.put(
                "heredoc_sources",
                heredocs.stream()
                        .map(one -> Map.of("name", one.name(), "expand", one.expand(), "data", one.text()))
                        .toList());
        all.put("dest", destination);
        all.put("chown", orEmpty(chown));
        all.put("chmod", orEmpty(chmod));
    }

    private static List<Map<String, Object>> pairs(List<Instruction.Pair> pairs) {
        return pairs.stream()
                .map(pair -> Map.<String, Object>of(
                        "key", pair.name(), "value", pair.value(), "legacy_space_form", pair.spaced()))
                .toList();
    }

    private static Map<String, @Nullable Object> argument(Instruction.Argument argument) {
        Map<String, @Nullable Object> all = new TreeMap<>();
        all.put("key", argument.name());
        all.put("value", argument.value());
        all.put("doc_comment", orEmpty(argument.comment()));
        return all;
    }

    private static void commandLine(Command command, Map<String, Object> all) {
        switch (command) {
            case Command.Shell(String text) -> {
                all.put("shell_form", true);
                all.put("command", text.isEmpty() ? List.of() : List.of(text));
            }
            case Command.Exec(List<String> arguments) -> {
                all.put("shell_form", false);
                all.put("command", arguments);
            }
        }
    }

    private static void run(Instruction.Run run, Map<String, Object> all) {
        commandLine(run.command(), all);
        all.put("network", run.network() == null ? "default" : run.network());
        all.put("security", run.security() == null ? "sandbox" : run.security());
        all.put(
                "heredoc_files",
                run.heredocs().stream()
                        .map(one -> Map.of("name", one.name(), "strip_tabs", one.stripTabs(), "data", one.raw()))
                        .toList());
        List<String> used = new ArrayList<>();
        for (String word : run.original().split("\\s+")) {
            if (word.startsWith("--")
                    && run.original().indexOf(word) < run.original().length()) {
                String name = word.substring(2).split("=")[0];
                if (List.of("mount", "network", "security", "device").contains(name) && !used.contains(name)) {
                    used.add(name);
                }
            }
        }
        List<String> flags = new ArrayList<>();
        if (!run.devices().isEmpty()) {
            flags.add("device");
        }
        if (!run.mounts().isEmpty()) {
            flags.add("mount");
        }
        if (run.network() != null) {
            flags.add("network");
        }
        if (run.security() != null) {
            flags.add("security");
        }
        used.retainAll(flags);
        all.put("flags_used", used);
        try {
            all.put("mounts", run.mounts().stream().map(Oracle::mount).toList());
        } catch (IllegalArgumentException e) {
            all.put("mounts", List.of());
            all.put("mount_error", "any");
        }
    }

    private static Map<String, Object> mount(String written) {
        Map<String, Object> all = new TreeMap<>(Map.of(
                "from", "", "id", "", "read_only", false, "required", false, "sharing", "", "size", 0, "source", ""));
        all.put("target", "");
        switch (RunMount.parse(written, value -> value)) {
            case RunMount.Bind bind -> {
                all.put("type", "bind");
                all.put("from", orEmpty(bind.from()));
                all.put("source", orEmpty(bind.source()));
                all.put("target", orEmpty(bind.target()));
                all.put("read_only", bind.readOnly());
            }
            case RunMount.Cache cache -> {
                all.put("type", "cache");
                all.put("id", orEmpty(cache.id()));
                all.put("from", orEmpty(cache.from()));
                all.put("source", orEmpty(cache.source()));
                all.put("target", orEmpty(cache.target()));
                all.put("read_only", cache.readOnly());
                all.put("sharing", cache.sharing().name().toLowerCase(Locale.ROOT));
                owner(cache.mode(), cache.uid(), cache.gid(), all);
            }
            case RunMount.Secret secret -> {
                all.put("type", "secret");
                all.put("name", secret.id());
                all.put("target", orEmpty(secret.target()));
                all.put("required", secret.required());
                all.put("env", orEmpty(secret.environment()));
                owner(secret.mode(), secret.uid(), secret.gid(), all);
                all.put("read_only", true);
            }
            case RunMount.Ssh ssh -> {
                all.put("type", "ssh");
                all.put("name", orEmpty(ssh.id()));
                all.put("target", orEmpty(ssh.target()));
                all.put("required", ssh.required());
                owner(ssh.mode(), ssh.uid(), ssh.gid(), all);
                all.put("read_only", true);
            }
            case RunMount.Tmpfs tmpfs -> {
                all.put("type", "tmpfs");
                all.put("target", orEmpty(tmpfs.target()));
                all.put("size", tmpfs.size() == null ? 0 : tmpfs.size());
            }
        }
        return all;
    }

    private static void owner(@Nullable Integer mode, @Nullable Long uid, @Nullable Long gid, Map<String, Object> all) {
        all.put("mode", mode == null ? "" : mode);
        all.put("uid", uid == null ? "" : uid);
        all.put("gid", gid == null ? "" : gid);
    }

    private static void healthcheck(Instruction.Healthcheck check, Map<String, Object> all) {
        List<String> test = new ArrayList<>();
        switch (check.command()) {
            case null -> test.add("NONE");
            case Command.Shell(String text) -> test.addAll(List.of("CMD-SHELL", text));
            case Command.Exec(List<String> arguments) -> {
                test.add("CMD");
                test.addAll(arguments);
            }
        }
        all.put("test", test);
        all.put("interval_ns", nanos(check.interval()));
        all.put("timeout_ns", nanos(check.timeout()));
        all.put("start_period_ns", nanos(check.startPeriod()));
        all.put("start_interval_ns", nanos(check.startInterval()));
        all.put("retries", check.retries() == null ? 0 : check.retries());
    }

    private static long nanos(@Nullable Duration duration) {
        return duration == null ? 0 : duration.toNanos();
    }
}
