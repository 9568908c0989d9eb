package dev.strata.operator;

import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/** Lines of a text that nobody vouches for: a line that is too long is cut, never held in memory as a whole. */
final class LineReader {
    static final int LIMIT = 64 * 1024;

    private final Reader reader;

    LineReader(Reader reader) {
        this.reader = reader;
    }

    /** The next line without its end, cut to {@link #LIMIT} characters; null at the end. */
    @Nullable
    String next() throws IOException {
        StringBuilder line = new StringBuilder();
        int character = reader.read();
        if (character < 0) {
            return null;
        }
        while (character >= 0 && character != '\n') {
            if (line.length() < LIMIT) {
                line.append((char) character);
            }
            character = reader.read();
        }
        return line.toString();
    }
}
