package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The flags of one instruction, checked against those that it knows. */
final class Flags {
    /** What a flag holds. */
    enum Kind {
        SWITCH,
        VALUE,
        VALUES
    }

    private final Map<String, List<String>> values = new HashMap<>();

    Flags(Statement statement, Map<String, Kind> known) {
        for (String word : statement.flags()) {
            int equals = word.indexOf('=');
            String name = equals < 0 ? word.substring(2) : word.substring(2, equals);
            @Nullable String value = equals < 0 ? null : word.substring(equals + 1);
            Kind kind = known.get(name);
            if (kind == null) {
                throw unknown(statement, name, known);
            }
            add(statement, name, kind, value);
        }
    }

    private static StatementReader.Malformed unknown(Statement statement, String name, Map<String, Kind> known) {
        String closest = Suggestion.closest(name, known.keySet());
        String keyword = statement.source().keyword().toUpperCase(Locale.ROOT);
        String expected = known.isEmpty()
                ? "no flag"
                : known.keySet().stream()
                        .sorted()
                        .map(flag -> "--" + flag)
                        .collect(java.util.stream.Collectors.joining(", "));
        return new StatementReader.Malformed(new SyntaxError(
                statement.location(),
                keyword + ": unknown flag: --" + name,
                closest == null ? expected : null,
                closest == null ? null : "--" + closest,
                "--" + name));
    }

    private void add(Statement statement, String name, Kind kind, @Nullable String value) {
        if (kind != Kind.VALUES && values.containsKey(name)) {
            throw wrong(statement, "duplicate flag specified: --" + name, null, name);
        }
        List<String> all = values.get(name);
        if (all == null) {
            all = new ArrayList<>();
            values.put(name, all);
        }
        switch (kind) {
            case SWITCH -> {
                String lower = value == null ? "true" : value.toLowerCase(Locale.ROOT);
                if (!lower.equals("true") && !lower.equals("false")) {
                    throw wrong(
                            statement, "the flag --" + name + " is true or false, not \"" + value + "\"", null, name);
                }
                all.add(lower);
            }
            case VALUE, VALUES -> {
                if (value == null) {
                    throw wrong(statement, "missing a value on flag: --" + name, "--" + name + "=value", name);
                }
                all.add(value);
            }
        }
    }

    private static StatementReader.Malformed wrong(
            Statement statement, String message, @Nullable String expected, String name) {
        return new StatementReader.Malformed(
                new SyntaxError(statement.location(), message, expected, null, "--" + name));
    }

    /** A flag's value, null where it was not given or is empty, which means the same. */
    @Nullable
    String value(String name) {
        List<String> all = values.get(name);
        return all == null || all.getFirst().isEmpty() ? null : all.getFirst();
    }

    List<String> values(String name) {
        return values.getOrDefault(name, List.of());
    }

    /** The names of the flags that were given. */
    List<String> used() {
        return values.keySet().stream().sorted().toList();
    }

    boolean isOn(String name) {
        return "true".equals(value(name));
    }

    /** Null where the switch was not given. */
    @Nullable
    Boolean toggle(String name) {
        String value = value(name);
        return value == null ? null : Boolean.valueOf(value);
    }
}
