package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the comments at the very top tell the parser: {@code # escape=}, {@code # syntax=} and {@code # check=}.
 *
 * @param escape the backslash, or the backtick where it was chosen
 * @param syntax the image of the front end that the file asks for; null where it asks for none
 */
public record Directives(
        char escape, @Nullable Syntax syntax, @Nullable Check check) {

    /** Reads the directives of a text, which need not be a whole Dockerfile. */
    public static Directives of(String text) {
        return DirectiveReader.all(text.startsWith("\ufeff") ? text.substring(1) : text);
    }

    /**
     * @param image the front end's image, such as {@code docker/dockerfile:1}
     * @param written the image with what follows it
     */
    public record Syntax(String image, String written, Location location) {}

    /**
     * How {@code strata lint} treats this file.
     *
     * @param skip rules that are left out; {@code all} stands for every rule
     * @param error whether a finding fails the build
     * @param experimental experimental rules that are switched on; {@code all} stands for every rule
     */
    public record Check(List<String> skip, boolean error, List<String> experimental, Location location) {
        public Check {
            skip = List.copyOf(skip);
            experimental = List.copyOf(experimental);
        }

        /** Reads the directive's value; an {@link IllegalArgumentException} says what is wrong. */
        static Check parse(String written, Location location) {
            int space = written.indexOf(' ');
            String value = Whitespace.trim(space < 0 ? written : written.substring(0, space));
            List<String> skip = List.of();
            List<String> experimental = List.of();
            boolean error = false;
            for (String part : value.isEmpty() ? new String[0] : value.split(";", 3)) {
                int equals = part.indexOf('=');
                String key = Whitespace.trim(equals < 0 ? part : part.substring(0, equals));
                String text = equals < 0 ? "" : Whitespace.trim(part.substring(equals + 1));
                switch (equals < 0 ? "" : key) {
                    case "skip" -> skip = names(text);
                    case "experimental" -> experimental = names(text);
                    case "error" -> error = CommaFields.truth("error", text);
                    default ->
                        throw new IllegalArgumentException("\"" + part
                                + "\" is no check option; known are skip=, experimental= and error=, separated by ;");
                }
            }
            return new Check(skip, error, experimental, location);
        }

        private static List<String> names(String text) {
            List<String> names = new ArrayList<>();
            for (String name : text.split(",")) {
                names.add(Whitespace.trim(name));
            }
            return names;
        }
    }
}
