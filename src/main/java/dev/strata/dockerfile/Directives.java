package dev.strata.dockerfile;

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
    }
}
