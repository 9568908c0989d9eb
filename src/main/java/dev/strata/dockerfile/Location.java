package dev.strata.dockerfile;

/**
 * The lines of a Dockerfile that an instruction takes up, heredocs included.
 *
 * @param startLine first line, counted from 1
 * @param endLine last line, at least {@code startLine}
 */
public record Location(int startLine, int endLine) {

    /** {@code line 3} or {@code lines 3-5}. */
    @Override
    public String toString() {
        return startLine == endLine ? "line " + startLine : "lines " + startLine + "-" + endLine;
    }
}
