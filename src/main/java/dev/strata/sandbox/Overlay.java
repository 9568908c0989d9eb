package dev.strata.sandbox;

import dev.strata.layer.Posix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How overlayfs is mounted here. Source: Linux, Documentation/filesystems/overlayfs.rst.
 *
 * @param userXattr its marks are {@code user.overlay.*} and not {@code trusted.overlay.*}, as a user namespace needs
 * @param quick nothing is written to the disk for the sake of a crash: what a crash leaves behind has no name yet
 */
record Overlay(boolean userXattr, boolean quick) {
    /** Of the options of mount(2), with the zero at the end. */
    private static final int PAGE = 4096;

    /** Parts of files elsewhere are never wanted, since the upper directory must be the whole difference. */
    private static final List<MountCalls.Option> WHOLE = List.of(
            new MountCalls.Option("index", "off"),
            new MountCalls.Option("metacopy", "off"),
            new MountCalls.Option("redirect_dir", "nofollow"));

    /**
     * A writable file system on {@code target}.
     *
     * @param lowers the topmost first
     */
    void writable(List<Path> lowers, Path upper, Path work, Path target) throws IOException {
        List<MountCalls.Option> options = new ArrayList<>();
        options.add(new MountCalls.Option("upperdir", upper.toString()));
        options.add(new MountCalls.Option("workdir", work.toString()));
        if (quick) {
            options.add(new MountCalls.Option("volatile", null));
        }
        mount(lowers, options, false, target);
    }

    /** @param lowers the topmost first; at least two, which is overlayfs' own wish */
    void readOnly(List<Path> lowers, Path target) throws IOException {
        mount(lowers, List.of(), true, target);
    }

    private void mount(List<Path> lowers, List<MountCalls.Option> more, boolean readOnly, Path target)
            throws IOException {
        List<MountCalls.Option> options = new ArrayList<>(WHOLE);
        if (userXattr) {
            options.add(new MountCalls.Option("userxattr", null));
        }
        options.addAll(more);
        String text = "lowerdir=" + lowers.stream().map(Path::toString).collect(Collectors.joining(":")) + ","
                + options.stream().map(Overlay::text).collect(Collectors.joining(","));
        if (text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length < PAGE && isPlain(lowers, target)) {
            Posix.mount("overlay", target, "overlay", readOnly ? Posix.READ_ONLY : 0, text);
            return;
        }
        List<MountCalls.Option> all = new ArrayList<>();
        lowers.forEach(lower -> all.add(new MountCalls.Option("lowerdir+", lower.toString())));
        all.addAll(options);
        MountCalls.mount("overlay", all, readOnly, target);
    }

    private static String text(MountCalls.Option option) {
        return option.value() == null ? option.name() : option.name() + "=" + option.value();
    }

    /** Whether no name has a character that separates options or layers. */
    private static boolean isPlain(List<Path> lowers, Path target) {
        return lowers.stream().noneMatch(Overlay::hasSeparator) && !hasSeparator(target);
    }

    private static boolean hasSeparator(Path path) {
        return path.toString().chars().anyMatch(c -> c == ',' || c == ':' || c == '\\');
    }
}
