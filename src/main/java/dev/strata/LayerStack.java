package dev.strata;

import dev.strata.image.Digest;
import dev.strata.image.ImageConfig;
import dev.strata.image.Layer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/** The layers of an image as a picture of lines, bottom first, with a bar for each one's size. */
record LayerStack(List<Row> rows) {
    private static final int BAR = 20;
    private static final String BLOCKS = "▏▎▍▌▋▊▉█";

    /**
     * One layer.
     *
     * @param size bytes as the registry has them
     */
    record Row(boolean base, long size, Digest digest, String createdBy) {}

    LayerStack {
        rows = List.copyOf(rows);
    }

    /** @param base how many layers, from the bottom, came with the base image */
    static LayerStack of(List<Layer> layers, List<ImageConfig.History> history, int base) {
        Iterator<String> lines = history.stream()
                .filter(line -> !line.emptyLayer())
                .map(line -> instruction(line.createdBy() == null ? "" : line.createdBy()))
                .iterator();
        List<Row> rows = new ArrayList<>();
        for (Layer layer : layers) {
            rows.add(new Row(
                    rows.size() < base,
                    layer.blob().size(),
                    layer.blob().digest(),
                    lines.hasNext() ? lines.next() : "(its history does not say)"));
        }
        return new LayerStack(rows);
    }

    /** The instruction without what builders put around it. */
    static String instruction(String createdBy) {
        String text = createdBy.replaceAll("\\p{Cntrl}+", " ").strip();
        text = text.replaceFirst("\\s*# buildkit$", "").replaceFirst("^RUN /bin/sh -c ", "RUN ");
        return text.startsWith("/bin/sh -c #(nop)")
                ? text.substring("/bin/sh -c #(nop)".length()).strip()
                : text.replaceFirst("^/bin/sh -c ", "RUN ");
    }

    long size() {
        return rows.stream().mapToLong(Row::size).sum();
    }

    /** @param width columns that a line may take */
    List<String> lines(int width) {
        long largest = rows.stream().mapToLong(Row::size).max().orElse(0);
        List<String> lines = new ArrayList<>();
        for (Row row : rows) {
            String line = String.format(
                    Locale.ROOT,
                    "%3d %s %s %9s  %s  %s",
                    lines.size() + 1,
                    row.base() ? "base" : "    ",
                    bar(row.size(), largest),
                    size(row.size()),
                    row.digest().hex().substring(0, 12),
                    row.createdBy());
            lines.add(line.length() > width ? line.substring(0, Math.max(1, width - 1)) + "…" : line);
        }
        return lines;
    }

    /** Always {@value #BAR} columns; something is shown for every layer. */
    private static String bar(long size, long largest) {
        long eighths = largest == 0 ? 1 : Math.max(1, Math.round((double) size / largest * BAR * 8));
        StringBuilder bar = new StringBuilder("█".repeat((int) (eighths / 8)));
        if (eighths % 8 > 0) {
            bar.append(BLOCKS.charAt((int) (eighths % 8) - 1));
        }
        return bar.append(" ".repeat(BAR - bar.length())).toString();
    }

    /** Bytes in decimal units, as registries show them. */
    static String size(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        for (String unit : List.of("kB", "MB", "GB")) {
            value /= 1000;
            if (value < 999.95) {
                return String.format(Locale.ROOT, "%.1f %s", value, unit);
            }
        }
        return String.format(Locale.ROOT, "%.1f TB", value / 1000);
    }
}
