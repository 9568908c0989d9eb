package dev.strata.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/** A command's output, cut into lines as they come. Lines that never end are cut; what is not UTF-8 is replaced. */
final class Output {
    private static final int LONGEST = 64 * 1024;
    private static final int KEPT = 20;
    private static final int KEPT_LENGTH = 2000;

    private final Consumer<String> lines;
    private final Deque<String> last = new ArrayDeque<>();
    private final byte[] line = new byte[LONGEST];
    private int length;

    Output(Consumer<String> lines) {
        this.lines = lines;
    }

    void read(InputStream in) {
        byte[] buffer = new byte[8192];
        try (in) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                for (int i = 0; i < read; i++) {
                    take(buffer[i]);
                }
            }
        } catch (IOException e) {
            // The pipe of a process that was ended; what came before it counts.
        }
        if (length > 0) {
            tell();
        }
    }

    private void take(byte b) {
        if (b == '\n') {
            tell();
        } else {
            if (length == LONGEST) {
                cut();
            }
            line[length++] = b;
        }
    }

    /** Tells what there is of a line, less the beginning of a character whose end is still to come. */
    private void cut() {
        int begin = LONGEST - 1;
        while (begin > LONGEST - 4 && (line[begin] & 0xC0) == 0x80) {
            begin--;
        }
        int bytes = Integer.numberOfLeadingZeros(~(line[begin] << 24));
        boolean unfinished = bytes > 1 && bytes > LONGEST - begin;
        int whole = unfinished ? begin : LONGEST;
        length = whole;
        tell();
        System.arraycopy(line, whole, line, 0, LONGEST - whole);
        length = LONGEST - whole;
    }

    private void tell() {
        String text = new String(line, 0, length, StandardCharsets.UTF_8);
        length = 0;
        if (text.endsWith("\r")) {
            text = text.substring(0, text.length() - 1);
        }
        String shown = text.substring(text.lastIndexOf('\r') + 1);
        synchronized (last) {
            if (last.size() == KEPT) {
                last.removeFirst();
            }
            last.addLast(shown.length() > KEPT_LENGTH ? shown.substring(0, KEPT_LENGTH) : shown);
        }
        lines.accept(shown);
    }

    List<String> lastLines() {
        synchronized (last) {
            return List.copyOf(last);
        }
    }
}
