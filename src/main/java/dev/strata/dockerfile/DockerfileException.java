package dev.strata.dockerfile;

import java.util.List;
import java.util.stream.Collectors;

/** A Dockerfile that cannot be read, with everything that is wrong with it. The message shows the places. */
public final class DockerfileException extends RuntimeException {
    private final String file;
    private final transient List<SyntaxError> errors;
    private final transient Excerpt excerpt;

    public DockerfileException(String file, List<String> lines, List<SyntaxError> errors) {
        super(message(file, lines, errors));
        this.file = file;
        this.errors = List.copyOf(errors);
        this.excerpt = new Excerpt(lines);
    }

    private static String message(String file, List<String> lines, List<SyntaxError> errors) {
        Excerpt excerpt = new Excerpt(lines);
        return errors.stream()
                .map(error -> file + ":" + error.location().startLine() + ": " + error.sentence() + "\n"
                        + excerpt.of(error.location(), error.marked()))
                .collect(Collectors.joining("\n"));
    }

    /** The Dockerfile's name. */
    public String file() {
        return file;
    }

    /** All that is wrong, in the order of the file; never empty. */
    public List<SyntaxError> errors() {
        return errors;
    }

    /** The lines around an error with the place marked. */
    public String excerpt(SyntaxError error) {
        return excerpt.of(error.location(), error.marked());
    }
}
