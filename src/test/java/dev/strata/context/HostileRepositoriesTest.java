package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.strata.layer.Bounds;
import dev.strata.plan.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Repositories made to write elsewhere, to run something, to fill the disk or to take for ever. */
@Timeout(300)
class HostileRepositoriesTest {
    private static final Bounds SMALL = new Bounds(1 << 20, 40);

    @TempDir
    Path folder;

    private GitRepository shop;

    @BeforeEach
    void aRepository() throws IOException {
        shop = new GitRepository(folder.resolve("served/shop.git"));
        shop.write("Dockerfile", "FROM scratch\n");
        Files.createDirectories(folder.resolve("outside"));
    }

    private Git.Checkout checkout(String url, Bounds bounds, @Nullable Path credentials) {
        return new Git(folder.resolve("scratch"), null, bounds)
                .checkout(GitAddress.of(url, null, null, true), folder.resolve("out"), false, true, credentials);
    }

    private ContextException refused(String url, Bounds bounds, @Nullable Path credentials) throws IOException {
        ContextException refused =
                catchThrowableOfType(ContextException.class, () -> checkout(url, bounds, credentials));
        assertThat(refused).isNotNull();
        assertThat(refused.fault()).as(refused.what() + ": " + refused.detail()).isEqualTo(Failure.Cause.USER);
        assertThat(folder.resolve("out")).doesNotExist();
        assertThat(folder.resolve("scratch")).isEmptyDirectory();
        assertNothingOutside();
        return refused;
    }

    private void assertNothingOutside() throws IOException {
        assertThat(folder.resolve("outside")).isEmptyDirectory();
        assertThat(folder.resolve("witness")).doesNotExist();
        try (Stream<Path> here = Files.list(folder)) {
            assertThat(here.map(path -> Objects.toString(path.getFileName())))
                    .isSubsetOf("served", "outside", "scratch", "out", "secret");
        }
    }

    /** A commit with this .gitmodules, and a submodule at {@code l}. */
    private void submodule(String modules) throws IOException {
        GitRepository library = new GitRepository(folder.resolve("served/library.git"));
        library.write("a", "a").commit("a");
        shop.write(".gitmodules", modules);
        shop.run("update-index", "--add", "--cacheinfo", "160000," + library.run("rev-parse", "HEAD") + ",l");
        shop.run("add", ".gitmodules", "Dockerfile");
        shop.run("commit", "--quiet", "--message", "with a submodule");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ext::sh -c touch% WITNESS",
                "file://SERVED/library.git",
                "SERVED/library.git",
                "fd::17",
                "--upload-pack=touch WITNESS",
                "-u./x",
                "ssh://-oProxyCommand=touch WITNESS/x",
            })
    void aSubmoduleIsNoCommandNoOptionAndNoFolderOfTheBuilder(String address) throws IOException {
        String url = address.replace("WITNESS", folder.resolve("witness").toString())
                .replace("SERVED", folder.resolve("served").toString());
        submodule("[submodule \"l\"]\n path = l\n url = \"" + url + "\"\n");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            refused(server.url("shop.git"), Bounds.DEFAULT, null);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../../../outside/x", "a/../../../../outside/x", "..", "l/../.."})
    void aSubmodulesNameDoesNotLeadOut(String name) throws IOException {
        submodule("[submodule \"" + name + "\"]\n path = l\n url = ../library.git\n");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            refused(server.url("shop.git"), Bounds.DEFAULT, null);
        }
    }

    @Test
    void aSubmodulesUpdateIsNoCommand() throws IOException {
        submodule("[submodule \"l\"]\n path = l\n url = ../library.git\n update = !touch " + folder.resolve("witness")
                + "\n");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            refused(server.url("shop.git"), Bounds.DEFAULT, null);
        }
    }

    /** A commit of a tree that git's own commands would not make. */
    private void commitTree(String... entries) throws IOException {
        shop.run("reset", "--soft", shop.run("commit-tree", "-m", "made by hand", tree(entries)));
    }

    private String blob(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("served/blob"), text);
        return shop.run("hash-object", "-w", file.toString());
    }

    private String tree(String... entries) throws IOException {
        Path list = Files.writeString(folder.resolve("served/entries"), String.join("\n", entries) + "\n");
        return shop.run("-c", "alias.tree=!git mktree --missing <" + list, "tree");
    }

    @ParameterizedTest
    @ValueSource(strings = {".git", ".GIT", "git~1", "..", "."})
    void aTreeCannotBringGitsOwnFolderNorLeadOut(String name) throws IOException {
        shop.commit("first");
        String hook = blob("#!/bin/sh\ntouch " + folder.resolve("witness") + "\n");
        String hooks = tree("100755 blob " + hook + "\tpost-checkout");
        commitTree("040000 tree " + tree("040000 tree " + hooks + "\thooks") + "\t" + name);
        refused(shop.folder().toString(), Bounds.DEFAULT, null);
    }

    @Test
    void aLinkIsNotTakenForGitsFolder() throws IOException {
        shop.commit("first");
        commitTree("120000 blob " + blob(folder.resolve("outside").toString()) + "\t.git");
        refused(shop.folder().toString(), Bounds.DEFAULT, null);
    }

    /** A name that is a link and a folder at once: what is in the folder would be written where the link leads. */
    @Test
    void nothingIsWrittenThroughALinkOfTheSameTree() throws IOException {
        shop.commit("first");
        String file = blob("written");
        String link = blob(folder.resolve("outside").toString());
        commitTree(
                "120000 blob " + link + "\ta",
                "040000 tree " + tree("100644 blob " + file + "\tfile") + "\ta",
                "100644 blob " + file + "\tDockerfile");
        try {
            checkout(shop.folder().toString(), Bounds.DEFAULT, null);
        } catch (ContextException e) {
            assertThat(e.what()).startsWith("git: ");
        }
        assertNothingOutside();
    }

    /** Each repository has the one below twice: a hundred files of text stand for millions of checked out ones. */
    @Test
    void submodulesThatDoubleAtEachLevelAreBoundedByTheClass() throws IOException {
        String below = new GitRepository(folder.resolve("served/level0.git"))
                .write("file", "text")
                .commit("a");
        for (int level = 1; level <= 7; level++) {
            GitRepository repository = new GitRepository(folder.resolve("served/level" + level + ".git"));
            StringBuilder modules = new StringBuilder();
            for (String name : List.of("a", "b")) {
                modules.append(
                        "[submodule \"%s\"]\n path = %s\n url = ../level%d.git\n".formatted(name, name, level - 1));
                repository.run("update-index", "--add", "--cacheinfo", "160000," + below + "," + name);
            }
            repository.write(".gitmodules", modules.toString()).run("add", ".gitmodules");
            repository.run("commit", "--quiet", "--message", "two of the level below");
            below = repository.run("rev-parse", "HEAD");
        }
        assertThat(refused(folder.resolve("served/level7.git").toString(), SMALL, null)
                        .what())
                .contains("it holds more than 40 files, those of its submodules included");
    }

    @Test
    void aSubmoduleLargerThanTheClassAllowsIsRefused() throws IOException {
        submodule("[submodule \"l\"]\n path = l\n url = ../library.git\n");
        GitRepository library = new GitRepository(folder.resolve("served/library.git"));
        String large = library.write("large", "x".repeat(3 << 20)).commit("large");
        shop.run("update-index", "--cacheinfo", "160000," + large + ",l");
        shop.run("commit", "--quiet", "--message", "the large one");
        assertThat(refused(shop.folder().toString(), SMALL, null).what())
                .contains("it holds more than 1048576 bytes, those of its submodules and of Git LFS included");
        assertThat(checkout(shop.folder().toString(), Bounds.DEFAULT, null)
                        .root()
                        .resolve("l/large"))
                .hasSize(3 << 20);
    }

    private static void assumeLfs() {
        assumeTrue(
                Arrays.stream(System.getenv("PATH").split(":", -1))
                        .anyMatch(place -> Files.isExecutable(Path.of(place, "git-lfs"))),
                "git-lfs is not here: apt-get install git-lfs");
    }

    /** A commit with a pointer to a file of this size, whose server is the given one. */
    private void pointer(String digest, long size, String server) throws IOException {
        shop.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
                .write(".lfsconfig", "[lfs]\n url = " + server + "\n")
                .write(
                        "large.bin",
                        "version https://git-lfs.github.com/spec/v1\noid sha256:" + digest + "\nsize " + size + "\n");
        shop.commit("a pointer");
    }

    @Test
    void aFileInLfsComesFromTheServerThatTheRepositoryNames() throws IOException {
        assumeLfs();
        byte[] large = "the large file".getBytes(StandardCharsets.UTF_8);
        try (LfsServer lfs = new LfsServer(large, false);
                GitServer server = new GitServer(folder.resolve("served"), null)) {
            pointer(dev.strata.image.Digest.sha256(large).hex(), large.length, lfs.url());
            Path root = checkout(server.url("shop.git"), Bounds.DEFAULT, null).root();
            assertThat(root.resolve("large.bin")).hasContent("the large file");
            assertThat(lfs.requests()).contains("GET /file");
        }
    }

    @Test
    void anLfsServerElsewhereGetsNoCredentials() throws IOException {
        assumeLfs();
        Path secret = Files.createDirectories(folder.resolve("secret"));
        Files.writeString(secret.resolve("username"), "robot");
        Files.writeString(secret.resolve("password"), "right");
        try (LfsServer lfs = new LfsServer(new byte[0], true);
                GitServer server = new GitServer(folder.resolve("served"), "robot:right")) {
            pointer("0".repeat(64), 14, lfs.url());
            ContextException refused = refused(server.url("shop.git"), Bounds.DEFAULT, secret);
            assertThat(refused.detail()).doesNotContain("right");
            assertThat(lfs.requests()).isNotEmpty();
            assertThat(lfs.authorizations()).isEmpty();
            assertThat(server.authorizations()).isNotEmpty();
        }
    }

    @Test
    void anLfsServerThatSendsWithoutEndIsCutOff() throws IOException {
        assumeLfs();
        try (LfsServer lfs = new LfsServer(null, false);
                GitServer server = new GitServer(folder.resolve("served"), null)) {
            pointer("1".repeat(64), 20, lfs.url());
            assertThat(refused(server.url("shop.git"), SMALL, null).what()).contains("more than 1048576 bytes");
        }
    }

    @Test
    void aFileThatLfsDoesNotHaveIsTheRepositorysFault() throws IOException {
        assumeLfs();
        try (LfsServer lfs = new LfsServer("another file".getBytes(StandardCharsets.UTF_8), false);
                GitServer server = new GitServer(folder.resolve("served"), null)) {
            pointer("2".repeat(64), 12, lfs.url());
            assertThat(refused(server.url("shop.git"), Bounds.DEFAULT, null).what())
                    .contains("a file of Git LFS cannot be had");
        }
    }

    @Test
    void lfsDoesNotReadFoldersOfTheBuilder() throws IOException {
        assumeLfs();
        GitRepository own = new GitRepository(folder.resolve("served/own.git"));
        own.commit("first");
        byte[] secret = "of the builder".getBytes(StandardCharsets.UTF_8);
        String digest = dev.strata.image.Digest.sha256(secret).hex();
        Path object = own.folder()
                .resolve(".git/lfs/objects")
                .resolve(digest.substring(0, 2))
                .resolve(digest.substring(2, 4))
                .resolve(digest);
        Files.createDirectories(object.getParent());
        Files.write(object, secret);
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            pointer(digest, secret.length, "file://" + own.folder());
            refused(server.url("shop.git"), Bounds.DEFAULT, null);
        }
    }

    /** What is in a checkout after all: files and folders, and no name of git's. */
    @Test
    void whatIsTakenHasNothingOfGitsOwn() throws IOException {
        submodule("[submodule \"l\"]\n path = l\n url = ../library.git\n");
        Path root;
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            root = checkout(server.url("shop.git"), Bounds.DEFAULT, null).root();
        }
        List<String> names = new ArrayList<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : (Iterable<Path>) all::iterator) {
                assertThat(Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                                || Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                        .isTrue();
                names.add(root.relativize(path).toString());
            }
        }
        assertThat(names).contains("l/a", "Dockerfile").noneMatch(name -> name.endsWith(".git"));
    }
}
