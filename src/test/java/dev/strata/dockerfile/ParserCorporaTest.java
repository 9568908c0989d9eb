package dev.strata.dockerfile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.strata.Corpora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** BuildKit's own parser tests, and what BuildKit made of other projects' Dockerfiles. */
@Tag("corpora")
class ParserCorporaTest {

    @Test
    void everyCaseOfTheParserSetIsReadAsBuildKitReadsIt() {
        Corpora.score("parser", Corpora.cases("parser"), ParserCorporaTest::difference);
    }

    @Test
    void everyRealDockerfileIsReadAsBuildKitReadsIt() {
        Path files = Corpora.set("realworld").resolve("files");
        Corpora.score("realworld", Corpora.cases("realworld", "expected.jsonl"), one -> {
            try {
                byte[] text = Files.readAllBytes(files.resolve(one.path("file").asText()));
                return Oracle.difference(text, one.path("oracle"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static @Nullable String difference(JsonNode one) {
        return switch (one.path("kind").asText()) {
            case "parse_oracle", "no_crash" -> Oracle.difference(text(one), one.path("oracle"));
            case "parse", "parse_error", "instruction", "instruction_error" -> instruction(one);
            case "convert" -> first(Oracle.difference(text(one), one.path("oracle")), () -> checks(one, false));
            case "convert_error", "build_error_lines" -> checks(one, true);
            case "lint" -> first(Oracle.difference(text(one), one.path("oracle")), () -> LintCases.difference(one));
            case "expose_ports" -> ports(one);
            case "directive" -> directive(one);
            default -> piece(one);
        };
    }

    private static @Nullable String first(@Nullable String difference, Supplier<@Nullable String> next) {
        return difference == null ? next.get() : difference;
    }

    static byte[] text(JsonNode one) {
        JsonNode text = one.path("dockerfile");
        return text.isTextual()
                ? text.asText().getBytes(StandardCharsets.UTF_8)
                : Base64.getDecoder().decode(text.path("base64").asText());
    }

    /** What upstream's own test says, beside what the oracle made of the whole. */
    private static @Nullable String instruction(JsonNode one) {
        JsonNode asserted = one.path("asserted");
        List<SyntaxError> errors = new ArrayList<>();
        List<Statement> statements = Oracle.statements(text(one), errors);
        List<Object> read = new ArrayList<>();
        boolean wordsOnly =
                one.path("kind").asText().equals("parse") && !one.path("oracle").has("fragment_instructions");
        for (Statement statement : wordsOnly ? List.<Statement>of() : statements) {
            try {
                read.add(
                        statement.name().equals("from")
                                ? InstructionReader.readFrom(statement, 0)
                                : InstructionReader.read(statement));
            } catch (StatementReader.Malformed e) {
                errors.add(e.error());
            }
        }
        if (asserted.path("error").asBoolean() || asserted.path("error").isTextual()) {
            return errors.isEmpty() ? "accepted, but " + asserted.path("error") + " was expected" : null;
        }
        if (!errors.isEmpty()) {
            return errors.getFirst().toString();
        }
        for (String key : List.of("dump", "lines", "heredocs_by_instruction", "warnings_contain")) {
            String difference = asserted.has(key) ? asserted(key, asserted.path(key), statements) : null;
            if (difference != null) {
                return difference;
            }
        }
        if (asserted.has("instruction")) {
            Map<String, Object> fields = Oracle.fields((Instruction) read.getLast());
            for (Map.Entry<String, JsonNode> entry : asserted.properties()) {
                String difference =
                        Oracle.compare(entry.getKey(), Oracle.json(fields.get(entry.getKey())), entry.getValue());
                if (difference != null) {
                    return difference;
                }
            }
        }
        JsonNode fragment = one.path("oracle").path("fragment_instructions");
        if (!fragment.isMissingNode()) {
            List<Object> all = new ArrayList<>();
            read.forEach(item -> all.add(Oracle.command((Instruction) item)));
            return Oracle.compare("fragment", Oracle.json(all), fragment);
        }
        return one.path("oracle").has("instruction_error") ? null : Oracle.difference(text(one), one.path("oracle"));
    }

    private static @Nullable String asserted(String key, JsonNode expected, List<Statement> statements) {
        return switch (key) {
            case "dump" -> {
                String dump = Oracle.dump(statements);
                yield dump.strip().equals(expected.asText().strip()) ? null : "dump is " + dump;
            }
            case "lines" ->
                Oracle.compare(
                        key,
                        Oracle.json(statements.stream()
                                .map(one -> List.of(
                                        one.location().startLine(),
                                        one.location().endLine()))
                                .toList()),
                        expected);
            case "heredocs_by_instruction" ->
                Oracle.compare(
                        key,
                        Oracle.json(statements.stream().map(Oracle::heredocs).toList()),
                        expected);
            default -> {
                List<String> found = statements.stream()
                        .filter(one -> one.source().emptyContinuation() > 0)
                        .map(one -> "Empty continuation line found in: "
                                + one.source().original())
                        .toList();
                for (int i = 0; i < expected.size(); i++) {
                    for (JsonNode part : expected.get(i)) {
                        if (i >= found.size() || !found.get(i).contains(part.asText())) {
                            yield "warnings are " + found;
                        }
                    }
                }
                yield null;
            }
        };
    }

    private static @Nullable String checks(JsonNode one, boolean fails) {
        List<SyntaxError> errors;
        try {
            errors = Dockerfile.parse("Dockerfile", text(one)).check(Map.of());
        } catch (DockerfileException e) {
            errors = e.errors();
        }
        if (errors.isEmpty() == fails) {
            return fails ? "accepted, but " + one.path("asserted") + " was expected" : errors.toString();
        }
        JsonNode lines = one.path("asserted").path("error_lines");
        return lines.isMissingNode()
                ? null
                : Oracle.compare(
                        "error_lines",
                        Oracle.json(Oracle.lines(errors.getFirst().location())),
                        lines);
    }

    private static @Nullable String ports(JsonNode one) {
        JsonNode asserted = one.path("asserted");
        List<String> words = new ArrayList<>();
        one.path("input").forEach(word -> words.add(word.asText()));
        List<String> ports = new ArrayList<>();
        try {
            words.forEach(word -> Ports.parse(word).forEach(port -> ports.add(port.toString())));
        } catch (IllegalArgumentException e) {
            return asserted.has("error") ? null : e.getMessage();
        }
        return asserted.has("error")
                ? "accepted as " + ports
                : Oracle.compare("ports", Oracle.json(ports), asserted.path("ports"));
    }

    private static @Nullable String directive(JsonNode one) {
        JsonNode asserted = one.path("asserted");
        String text = one.path("input").asText();
        Directives found = Directives.of(text);
        if (asserted.has("directives")) {
            return found.escape()
                            == asserted.path("directives")
                                    .get(0)
                                    .get(1)
                                    .asText()
                                    .charAt(0)
                    ? null
                    : "escape is " + found.escape();
        }
        boolean syntax = asserted.path("name").asText().equals("syntax");
        if (!asserted.path("found").asBoolean()) {
            return found.syntax() == null && found.check() == null ? null : "found " + found;
        }
        Map<String, Object> values = new TreeMap<>();
        if (syntax && found.syntax() != null) {
            values.put("ref", found.syntax().image());
            values.put("cmdline", found.syntax().written());
            values.put("line", found.syntax().location().startLine());
        } else if (found.check() != null) {
            values.put("ref", "skip=" + String.join(",", found.check().skip()));
            values.put("line", found.check().location().startLine());
        }
        for (String key : List.of("ref", "cmdline", "line")) {
            if (asserted.has(key)) {
                String difference = Oracle.compare(key, Oracle.json(values.get(key)), asserted.path(key));
                if (difference != null) {
                    return difference;
                }
            }
        }
        return null;
    }

    /** Parts of lines that upstream tests by themselves. */
    private static @Nullable String piece(JsonNode one) {
        JsonNode input = one.path("input");
        JsonNode asserted = one.path("asserted");
        Function<Object, @Nullable String> equal = value -> Oracle.compare(
                one.path("kind").asText(),
                Oracle.json(value),
                asserted.elements().next());
        return switch (one.path("kind").asText()) {
            case "words" -> equal.apply(QuotedWords.split(input.asText(), '\\'));
            case "json_array" -> {
                boolean valid = asserted.path("valid").asBoolean();
                List<String> values = JsonText.arguments(input.asText()).strings();
                if (values == null) {
                    yield valid ? "refused" : null;
                }
                yield valid
                        ? Oracle.compare("strings", Oracle.json(values), asserted.path("strings"))
                        : "taken as " + values;
            }
            case "nameval" ->
                equal.apply(new StatementReader('\\')
                        .read("LABEL " + input.asText(), new Location(1, 1), List.of(), 0)
                        .arguments());
            case "heredoc_word" -> heredocWord(input.asText(), asserted);
            case "heredoc_line" ->
                equal.apply(HeredocWord.inLine(input.asText()).stream()
                        .map(HeredocWord::name)
                        .toList());
            case "heredoc_strip_tabs" -> equal.apply(new Heredoc("EOF", true, true, 0, input.asText()).text());
            case "json_args" -> null; // how upstream joins words before they are a command; ours are one from the start
            case "flags" -> flags(input, asserted);
            case "run_device_flag" -> {
                RunDevice device = RunDevice.parse(input.asText());
                yield Oracle.compare(
                        "device", Oracle.json(Map.of("name", device.name(), "required", device.required())), asserted);
            }
            default -> "unknown kind " + one.path("kind");
        };
    }

    private static @Nullable String heredocWord(String word, JsonNode asserted) {
        try {
            HeredocWord heredoc = HeredocWord.parse(word);
            return asserted.has("error")
                    ? "accepted as " + heredoc
                    : Oracle.compare(
                            "heredoc_name",
                            Oracle.json(heredoc == null ? null : heredoc.name()),
                            asserted.path("heredoc_name"));
        } catch (ExpansionException e) {
            return asserted.has("error") ? null : e.getMessage();
        }
    }

    private static @Nullable String flags(JsonNode input, JsonNode asserted) {
        Map<String, Flags.Kind> known = new TreeMap<>();
        for (JsonNode declared : input.path("declared")) {
            String[] parts = declared.asText().split(":");
            known.put(
                    parts[0],
                    switch (parts[1]) {
                        case "bool" -> Flags.Kind.SWITCH;
                        case "strings" -> Flags.Kind.VALUES;
                        default -> Flags.Kind.VALUE;
                    });
        }
        List<String> words = new ArrayList<>();
        input.path("args").forEach(word -> words.add(word.asText()));
        words.remove("--");
        Source source = new Source(new Location(1, 1), "RUN", "RUN", List.of());
        Statement statement = new Statement(source, "run", words, List.of(), false, null, List.of(), null);
        Flags flags;
        try {
            flags = new Flags(statement, known);
        } catch (StatementReader.Malformed e) {
            return asserted.path("ok").asBoolean() ? e.getMessage() : null;
        }
        if (!asserted.path("ok").asBoolean()) {
            return "accepted " + words;
        }
        for (Map.Entry<String, JsonNode> value : asserted.path("values").properties()) {
            if (!value.getValue().asText().equals(flags.value(value.getKey()))) {
                return value.getKey() + " is " + flags.value(value.getKey());
            }
        }
        return asserted.has("used")
                ? Oracle.compare("used", Oracle.json(flags.used()), sorted((ArrayNode) asserted.path("used")))
                : null;
    }

    private static JsonNode sorted(ArrayNode array) {
        String[] words = new String[array.size()];
        Arrays.setAll(words, i -> array.get(i).asText());
        Arrays.sort(words);
        return Oracle.json(List.of(words));
    }
}
