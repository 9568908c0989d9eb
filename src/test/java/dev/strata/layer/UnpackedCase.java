package dev.strata.layer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The folder of one hostile case, with the root and what lies beside it, and what must hold of them afterwards. */
final class UnpackedCase {
    private final Path beside;
    private final Path root;
    private final JsonNode one;
    private Map<String, String> besideBefore = Map.of();

    UnpackedCase(Path beside, JsonNode one) {
        this.beside = beside;
        this.root = beside.resolve("root");
        this.one = one;
    }

    Path root() {
        return root;
    }

    void prepare() throws IOException {
        Files.createDirectory(root);
        for (JsonNode entry : one.path("beside_root_before")) {
            make(beside, entry);
        }
        for (JsonNode entry : one.path("root_before")) {
            make(root, entry);
        }
        besideBefore = besideNow();
    }

    private void make(Path folder, JsonNode entry) throws IOException {
        Path path = folder.resolve(entry.path("path").asText());
        String link = entry.path("link").asText();
        switch (entry.path("type").asText()) {
            case "dir" -> Files.createDirectories(path);
            case "file" -> Files.writeString(path, entry.path("content").asText());
            case "symlink" -> Files.createSymbolicLink(path, Path.of(link));
            case "hardlink" -> Files.createLink(path, folder.resolve(link));
            default -> throw new IllegalArgumentException(entry.toString());
        }
        if (entry.has("mode")) {
            Files.setAttribute(
                    path, "unix:mode", Integer.parseInt(entry.path("mode").asText(), 8));
        }
    }

    /** All that is beside the root, with what would show a change. */
    private Map<String, String> besideNow() throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(beside)) {
            for (Path path : paths.filter(path -> !path.startsWith(root) && !path.equals(beside))
                    .toList()) {
                String content = Files.isRegularFile(path) ? Files.readString(path) : "";
                Map<String, Object> attributes =
                        new TreeMap<>(Files.readAttributes(path, "unix:mode,uid,gid,nlink,ino,lastModifiedTime"));
                found.put(beside.relativize(path).toString(), attributes + content);
            }
        }
        return found;
    }

    @Nullable
    String difference(@Nullable LayerException refusal) throws IOException {
        if (!besideNow().equals(besideBefore)) {
            return "beside the root there is " + besideNow() + " instead of " + besideBefore;
        }
        JsonNode expected = one.path("expected");
        String wanted = expected.path("result").asText();
        boolean otherAllowed = one.path("alternative_result").asText().equals(refusal == null ? "ok" : "error");
        boolean right = wanted.equals("ok_or_error") || wanted.equals("error") == (refusal != null);
        if (!right && !otherAllowed) {
            return refusal == null ? "unpacked though it must be refused" : "refused: " + refusal.getMessage();
        }
        return right && (refusal == null || wanted.equals("error")) ? checks(expected.path("checks"), refusal) : null;
    }

    private @Nullable String checks(JsonNode checks, @Nullable LayerException refusal) throws IOException {
        for (JsonNode check : checks) {
            boolean holds;
            try {
                holds = holds(check, refusal);
            } catch (java.nio.file.FileSystemException e) {
                return check + ": " + e;
            }
            if (!holds) {
                return check + " does not hold: "
                        + new DiskTree(root).find(check.path("path").asText());
            }
        }
        return null;
    }

    private boolean holds(JsonNode check, @Nullable LayerException refusal) throws IOException {
        String path = text(check, "path");
        Node node = path.equals(".") ? null : new DiskTree(root).find(followed(path, false));
        return switch (check.path("check").asText()) {
            case "file_content" ->
                Arrays.equals(
                        content(followed(path, true)),
                        Names.bytes(check.path("content").asText()));
            case "absent" -> node == null;
            case "exists" -> node != null;
            case "directory" -> node instanceof Node.Directory;
            case "symlink" ->
                node instanceof Node.SymbolicLink link && link.target().equals(text(check, "target"));
            case "mode" ->
                node != null
                        && node.metadata().mode()
                                == Integer.parseInt(check.path("mode").asText(), 8);
            case "owner" ->
                node != null
                        && node.metadata().uid() == check.path("uid").asLong()
                        && node.metadata().gid() == check.path("gid").asLong();
            case "same_inode" -> inode(check, "a", true).equals(inode(check, "b", true));
            case "same_inode_no_follow" -> inode(check, "a", false).equals(inode(check, "b", false));
            case "different_inode" -> !inode(check, "a", false).equals(inode(check, "b", false));
            case "same_symlink_text" -> target(check, "a").equals(target(check, "b"));
            case "device_if_present" ->
                node == null
                        || (node instanceof Node.Device device
                                && device.block() == check.path("kind").asText().equals("block")
                                && device.major() == check.path("major").asLong()
                                && device.minor() == check.path("minor").asLong());
            case "fifo_if_present" -> node == null || node instanceof Node.Fifo;
            case "no_xattr" ->
                node == null
                        || Posix.xattr(
                                        DiskNames.bytes(DiskNames.bytes(root), path),
                                        check.path("name").asText())
                                == null;
            case "exact_tree" -> exactTree().equals(entries(check));
            case "count" ->
                new DiskTree(root).children(path).size() == check.path("n").asInt();
            case "disk_use_below" -> blocks() * 512 < check.path("bytes").asLong();
            case "no_file_with_content_of" -> noFileHas(Files.readAllBytes(beside.resolve(path)));
            case "host_path_absent" -> !Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS);
            case "if_ok" -> refusal != null || checks(check.path("checks"), null) == null;
            case "one_of" -> {
                boolean any = false;
                for (JsonNode option : check.path("options")) {
                    any |= checks(option, refusal) == null;
                }
                yield any;
            }
            // What is beside the root was compared as a whole; parents' times may change; a device is opened nowhere.
            case "beside_unchanged",
                    "beside_content",
                    "beside_mode",
                    "nothing_new_beside_root",
                    "parent_mtime_unchanged",
                    "never_opened" -> true;
            default -> throw new IllegalArgumentException("a check this test does not know: " + check);
        };
    }

    private static String text(JsonNode check, String field) {
        return check.has(field + "_base64")
                ? Names.text(
                        Base64.getDecoder().decode(check.path(field + "_base64").asText()))
                : check.path(field).asText();
    }

    /** A path with links resolved as if the root were {@code /}, by other means than the code under test. */
    private String followed(String path, boolean alsoLast) throws IOException {
        List<String> ahead = new ArrayList<>(List.of(path.split("/")));
        List<String> done = new ArrayList<>();
        for (int steps = 0; !ahead.isEmpty() && steps < 1000; steps++) {
            String name = ahead.removeFirst();
            if (name.equals("..")) {
                if (!done.isEmpty()) {
                    done.removeLast();
                }
            } else if (!name.isEmpty() && !name.equals(".")) {
                done.add(name);
                Node node = new DiskTree(root).find(String.join("/", done));
                if (node instanceof Node.SymbolicLink link && (alsoLast || !ahead.isEmpty())) {
                    done.removeLast();
                    if (link.target().startsWith("/")) {
                        done.clear();
                    }
                    ahead.addAll(0, List.of(link.target().split("/")));
                }
            }
        }
        return String.join("/", done);
    }

    private byte[] content(String path) throws IOException {
        try (var in = new DiskTree(root).open(path)) {
            return in.readAllBytes();
        }
    }

    private Object inode(JsonNode check, String field, boolean follow) throws IOException {
        Path path = new DiskTree(root).path(followed(check.path(field).asText(), follow));
        return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }

    private String target(JsonNode check, String field) throws IOException {
        return DiskNames.target(root.resolve(check.path(field).asText()));
    }

    private List<String> exactTree() throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(path -> !path.equals(root))
                    .map(path ->
                            root.relativize(path) + (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) ? "/" : ""))
                    .sorted()
                    .toList();
        }
    }

    private static List<String> entries(JsonNode check) {
        List<String> entries = new ArrayList<>();
        check.path("entries").forEach(entry -> entries.add(entry.asText()));
        return entries.stream().sorted().toList();
    }

    private long blocks() throws IOException {
        Process usage = new ProcessBuilder("du", "-s", "--block-size=512", root.toString()).start();
        String told = new String(usage.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
        return Long.parseLong(told.split("\t")[0]);
    }

    private boolean noFileHas(byte[] content) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                    .toList()) {
                if (Arrays.equals(Files.readAllBytes(path), content)) {
                    return false;
                }
            }
        }
        return true;
    }
}
