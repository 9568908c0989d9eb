package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.strata.plan.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitTest {
    @TempDir
    Path folder;

    private GitRepository shop;
    private Git git;

    @BeforeEach
    void aRepository() throws IOException {
        shop = new GitRepository(folder.resolve("served/shop.git"));
        shop.write("Dockerfile", "FROM scratch\n").write("web/index.html", "hello\n");
        Files.createSymbolicLink(shop.folder().resolve("link"), Path.of("web/index.html"));
        git = new Git(folder.resolve("scratch"), null);
    }

    private Git.Checkout checkout(String url, @Nullable String revision) {
        return checkout(url, revision, null, null);
    }

    private Git.Checkout checkout(
            String url, @Nullable String revision, @Nullable String subPath, @Nullable Path credentials) {
        return git.checkout(
                GitAddress.of(url, revision, subPath, true), folder.resolve("out"), false, true, credentials);
    }

    @Test
    void namesAreLookedUpWithoutFetchingAnything() throws IOException {
        String first = shop.commit("first");
        shop.run("tag", "--annotate", "--message", "one", "v1");
        shop.run("branch", "feature/x");
        String second = shop.write("more", "text").commit("second");

        var references = git.references("file://" + shop.folder(), null);

        assertThat(references)
                .containsEntry("HEAD", second)
                .containsEntry("refs/heads/main", second)
                .containsEntry("refs/heads/feature/x", first)
                .containsEntry("refs/tags/v1", first);
        assertThat(Git.commit(references, null)).isEqualTo(second);
        assertThat(Git.commit(references, "feature/x")).isEqualTo(first);
        assertThat(Git.commit(references, "v1"))
                .as("what the tag's object tags")
                .isEqualTo(first);
        assertThat(Git.commit(references, first))
                .as("a commit stands for itself")
                .isNull();
        assertThat(folder.resolve("scratch")).isEmptyDirectory();
    }

    @Test
    void lookingUpWhatIsNotThereSaysSo() {
        assertThat(failure(() -> git.references("file://" + folder.resolve("none"), null)))
                .hasMessageContaining("none");
        assertThat(failure(() -> git.references("--upload-pack=touch", null))).hasMessageContaining("not the address");
    }

    private static ContextException failure(Runnable action) {
        ContextException thrown = catchThrowableOfType(ContextException.class, action::run);
        assertThat(thrown).isNotNull();
        return thrown;
    }

    private Path secret(String user, String password) throws IOException {
        Path secret = Files.createDirectories(folder.resolve("secret"));
        Files.writeString(secret.resolve("username"), user);
        Files.writeString(secret.resolve("password"), password + "\n");
        return secret;
    }

    private static List<String> files(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root)) {
            return List.copyOf(new TreeSet<>(walk.filter(path -> !path.equals(root))
                    .map(path -> root.relativize(path).toString())
                    .toList()));
        }
    }

    @Test
    void theDefaultBranchIsCheckedOutWithItsCommitAndTimeAndWithoutGitsOwnFiles() throws IOException {
        String commit = shop.commit("first");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            Git.Checkout checkout = checkout(server.url("shop.git"), null);

            assertThat(checkout.commit()).isEqualTo(commit);
            assertThat(checkout.date()).isEqualTo(Instant.parse(GitRepository.DATE));
            assertThat(files(checkout.root())).containsExactly("Dockerfile", "link", "web", "web/index.html");
        }
    }

    @Test
    void everyEntryHasTheCommitsTimeAndModesOfNoMask() throws IOException {
        shop.commit("first");
        Path root = checkout(shop.folder().toString(), "main").root();

        for (String name : List.of("Dockerfile", "web", "link", "")) {
            assertThat(Files.getLastModifiedTime(root.resolve(name), LinkOption.NOFOLLOW_LINKS)
                            .toInstant())
                    .as(name)
                    .isEqualTo(Instant.parse(GitRepository.DATE));
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("Dockerfile"))))
                .isEqualTo("rw-r--r--");
    }

    @Test
    void aBranchATagAnAnnotatedTagAndACommitAreFound() throws IOException {
        String first = shop.commit("first");
        shop.run("tag", "v1");
        shop.run("tag", "--annotate", "--message=two", "v2");
        shop.run("branch", "old/line");
        String second = shop.write("new", "new").commit("second");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            int number = 0;
            for (String revision :
                    List.of("v1", "v2", "old/line", "refs/heads/old/line", first, first.substring(0, 9))) {
                Git.Checkout checkout = git.checkout(
                        GitAddress.of(server.url("shop.git"), revision, null, false),
                        folder.resolve("out" + number++),
                        false,
                        false,
                        null);
                assertThat(checkout.commit()).as(revision).isEqualTo(first);
                assertThat(checkout.root().resolve("new")).as(revision).doesNotExist();
            }
            assertThat(checkout(server.url("shop.git"), "main").commit()).isEqualTo(second);
        }
    }

    @Test
    void aCommitThatTheServerDoesNotGiveByItsHashComesWithItsBranch() throws IOException {
        String first = shop.commit("first");
        shop.write("new", "new").commit("second");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            server.speakOldProtocol();
            assertThat(checkout(server.url("shop.git"), first).commit()).isEqualTo(first);
        }
    }

    @Test
    void onlyTheWantedCommitIsTransferred() throws IOException {
        shop.commit("first");
        shop.write("new", "new").commit("second");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            Path out = git.checkout(
                            GitAddress.of(server.url("shop.git"), "main", null, false)
                                    .keepingGitDirectory(),
                            folder.resolve("out"),
                            true,
                            false,
                            null)
                    .root();
            assertThat(out.resolve(".git/shallow")).exists();
        }
    }

    @Test
    void aPathInsideTheRepositoryIsTheRoot() throws IOException {
        shop.commit("first");
        assertThat(files(checkout(shop.folder().toString(), null, "web", null).root()))
                .containsExactly("index.html");
    }

    @Test
    void aPathThatLeavesTheRepositoryIsRefused() throws IOException {
        Files.createSymbolicLink(shop.folder().resolve("out"), Path.of("../../outside"));
        Files.createDirectories(folder.resolve("outside"));
        shop.commit("first");
        int number = 0;
        for (String path : List.of("..", "web/../../..", "out", ".git", "../served")) {
            Path out = folder.resolve("deep/out" + number++);
            ContextException failure = failure(() ->
                    git.checkout(GitAddress.of(shop.folder().toString(), null, path, false), out, false, false, null));
            assertThat(failure.fault()).as(path).isEqualTo(Failure.Cause.USER);
        }
        assertThat(failure(() -> checkout(shop.folder().toString(), null, "nowhere", null))
                        .what())
                .contains("no folder \"nowhere\"");
    }

    @Test
    void anUnknownRevisionIsTheUsersFaultAndSaysWhatThereIs() throws IOException {
        shop.commit("first");
        shop.run("branch", "develop");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            for (String revision : List.of("mian", "0123456789012345678901234567890123456789")) {
                ContextException failure = failure(() -> git.checkout(
                        GitAddress.of(server.url("shop.git"), revision, null, false),
                        folder.resolve("out-" + revision),
                        false,
                        false,
                        null));
                assertThat(failure.fault()).isEqualTo(Failure.Cause.USER);
                assertThat(failure.what()).contains("no revision \"" + revision + "\"");
                assertThat(failure.mend()).contains("develop").contains("main");
            }
        }
    }

    @Test
    void basicAuthComesFromTheSecretAndItsPasswordIsNowhereElse() throws IOException {
        shop.commit("first");
        Path secret = secret("robot", "s3cr3t pass'word");
        try (GitServer server = new GitServer(folder.resolve("served"), "robot:s3cr3t pass'word")) {
            Git.Checkout checkout = git.checkout(
                    GitAddress.of(server.url("shop.git"), "main", null, false).keepingGitDirectory(),
                    folder.resolve("out"),
                    true,
                    false,
                    secret);

            try (Stream<Path> walk = Files.walk(checkout.root().resolve(".git"))) {
                for (Path file : walk.filter(Files::isRegularFile).toList()) {
                    assertThat(new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1))
                            .doesNotContain("s3cr3t");
                }
            }
        }
    }

    @Test
    void noCredentialsAndWrongOnesAreTheUsersFault() throws IOException {
        shop.commit("first");
        try (GitServer server = new GitServer(folder.resolve("served"), "robot:right")) {
            ContextException none = failure(() -> checkout(server.url("shop.git"), null));
            assertThat(none.fault()).isEqualTo(Failure.Cause.USER);
            assertThat(none.what()).contains("credentials");
            assertThat(none.mend()).contains("basic-auth");

            Path secret = secret("robot", "wrong-one");
            ContextException wrong = failure(() -> checkout(server.url("shop.git"), null, null, secret));
            assertThat(wrong.fault()).isEqualTo(Failure.Cause.USER);
            assertThat(wrong.detail()).doesNotContain("wrong-one");
        }
    }

    @Test
    void theSecretIsNotSentToTheServerOfASubmodule() throws IOException {
        GitRepository other = new GitRepository(folder.resolve("elsewhere/library.git"));
        other.write("a", "a").commit("a");
        try (GitServer home = new GitServer(folder.resolve("served"), "robot:right");
                GitServer foreign = new GitServer(folder.resolve("elsewhere"), "another:one")) {
            shop.write(".gitmodules", "[submodule \"l\"]\n path = l\n url = " + foreign.url("library.git") + "\n");
            shop.run("update-index", "--add", "--cacheinfo", "160000," + other.run("rev-parse", "HEAD") + ",l");
            shop.run("add", ".gitmodules");
            shop.run("commit", "--quiet", "--message", "first");

            ContextException failure = failure(() -> checkoutQuietly(home.url("shop.git"), "robot", "right"));

            assertThat(failure.what()).contains("credentials");
            assertThat(foreign.authorizations()).isEmpty();
        }
    }

    private void checkoutQuietly(String url, String user, String password) {
        try {
            checkout(url, null, null, secret(user, password));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void submodulesAreCheckedOutAtTheirCommitsAndLeaveNoGitFiles() throws IOException {
        GitRepository library = new GitRepository(folder.resolve("served/library.git"));
        library.write("a", "old").commit("a");
        shop.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library.git", "vendor/library");
        shop.commit("with a submodule");
        library.write("a", "new").commit("b");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            // the relative address of the submodule is resolved against the server's
            shop.run("config", "--file", ".gitmodules", "submodule.vendor/library.url", "../library.git");
            shop.commit("relative");
            Git.Checkout checkout = checkout(server.url("shop.git"), null);

            assertThat(checkout.root().resolve("vendor/library/a")).hasContent("old");
            assertThat(files(checkout.root())).noneMatch(path -> path.endsWith(".git"));
        }
    }

    @Test
    void aSubmoduleMayNotReadTheBuildersOwnFolders() throws IOException {
        GitRepository secret = new GitRepository(folder.resolve("private/secret.git"));
        secret.write("a", "a").commit("a");
        shop.write(".gitmodules", "[submodule \"l\"]\n path = l\n url = file://" + secret.folder() + "\n");
        shop.run("update-index", "--add", "--cacheinfo", "160000," + secret.run("rev-parse", "HEAD") + ",l");
        shop.run("add", ".gitmodules");
        shop.run("commit", "--quiet", "--message", "first");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            ContextException failure = failure(() -> checkout(server.url("shop.git"), null));
            assertThat(failure.fault()).isEqualTo(Failure.Cause.USER);
            assertThat(failure.what()).contains("may not speak this protocol");
        }
    }

    @Test
    void hooksAndFiltersOfTheRepositoryDoNotRun() throws IOException {
        Path witness = folder.resolve("witness");
        shop.write(".gitattributes", "* filter=evil\n");
        shop.commit("first");
        Path hook = shop.folder().resolve(".git/hooks/post-checkout");
        Files.createDirectories(hook.getParent());
        Files.writeString(hook, "#!/bin/sh\ntouch " + witness + "\n");
        assertThat(hook.toFile().setExecutable(true)).isTrue();
        checkout(shop.folder().toString(), null);
        assertThat(witness).doesNotExist();
    }

    @Test
    void aMissingRepositoryAnotherServerAndADeadOneAreToldApart() throws IOException {
        shop.commit("first");
        String gone;
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            gone = server.url("shop.git");
            ContextException missing = failure(() -> checkout(server.url("nothing.git"), null));
            assertThat(missing.fault()).isEqualTo(Failure.Cause.USER);
            assertThat(missing.what()).contains("no such repository");
        }
        ContextException dead = failure(() -> checkout(gone, null));
        assertThat(dead.fault()).isEqualTo(Failure.Cause.OUTSIDE);
        assertThat(dead.what()).contains("cannot be reached");

        ContextException unknown = failure(() -> checkout("https://no-such-host.invalid/shop.git", null));
        assertThat(unknown.fault()).isEqualTo(Failure.Cause.OUTSIDE);
        assertThat(unknown.what()).contains("host's name is not known");

        ContextException noRepository = failure(() -> checkout(folder.toString(), null));
        assertThat(noRepository.fault()).isEqualTo(Failure.Cause.USER);
        assertThat(noRepository.what()).contains("not a git repository");
    }

    @Test
    void addressesThatAreOptionsCommandsOrHoldAPasswordAreRefused() {
        for (String url : List.of("--upload-pack=touch /tmp/x", "ext::sh -c true", "-x", "ftp://host/x.git")) {
            assertThat(failure(() -> checkout(url, null)).fault()).as(url).isEqualTo(Failure.Cause.USER);
        }
        ContextException password = failure(() -> checkout("https://me:hunter2@host/x.git", null));
        assertThat(password.what()).contains("password");
        assertThat(password.getMessage() + password.where() + password.mend()).doesNotContain("hunter2");
        assertThat(failure(() -> checkout("https://host/x.git", "--output=/x")).what())
                .contains("cannot be a branch");
    }

    @Test
    void anSshSecretWithoutKnownHostsIsRefusedBecauseAnybodyCouldAnswer() throws IOException {
        Path secret = Files.createDirectories(folder.resolve("ssh"));
        Files.writeString(secret.resolve("ssh-privatekey"), "key");
        ContextException failure = failure(() -> checkout("git@127.0.0.1:shop.git", null, null, secret));
        assertThat(failure.what()).contains("known_hosts");
        assertThat(failure.fault()).isEqualTo(Failure.Cause.USER);
    }

    @Test
    void aChecksumThatIsNotTheCommitIsRefused() throws IOException {
        String commit = shop.commit("first");
        GitAddress address =
                new GitAddress(shop.folder().toString(), "main", null, commit.substring(0, 12), null, null);
        assertThat(git.checkout(address, folder.resolve("out"), false, false, null)
                        .commit())
                .isEqualTo(commit);
        GitAddress other = new GitAddress(shop.folder().toString(), "main", null, "0".repeat(40), null, null);
        assertThat(failure(() -> git.checkout(other, folder.resolve("out2"), false, false, null))
                        .what())
                .contains("was expected");
    }

    @Test
    void filesInLfsAreAnErrorWhereGitLfsIsNotHere() throws IOException {
        assumeFalse(gitLfsIsHere(), "git-lfs is here, so the files are fetched");
        shop.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
                .write("big.bin", "version https://git-lfs.github.com/spec/v1\n");
        shop.commit("first");
        ContextException failure = failure(() -> checkout(shop.folder().toString(), null));
        assertThat(failure.what()).contains("big.bin").contains("git-lfs is not here");
    }

    @Test
    void filesInLfsAreFetchedWhereGitLfsIsHere() throws IOException {
        assumeTrue(gitLfsIsHere(), "git-lfs is not here");
        shop.run("lfs", "install", "--local");
        shop.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
                .write("big.bin", "large");
        shop.commit("first");
        assertThat(shop.run("show", "HEAD:big.bin")).startsWith("version https://git-lfs");
        Path root = checkout("file://" + shop.folder(), null).root();
        assertThat(root.resolve("big.bin")).hasContent("large");
    }

    private static boolean gitLfsIsHere() {
        return Arrays.stream(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "git-lfs")));
    }

    @Test
    void aSubmodulesCommitThatItsServerDoesNotGiveByItsHashComesWithItsBranch() throws IOException {
        GitRepository library = new GitRepository(folder.resolve("served/library.git"));
        String old = library.write("a", "old").commit("a");
        library.write("a", "new").commit("b");
        try (GitServer server = new GitServer(folder.resolve("served"), null)) {
            server.speakOldProtocol();
            shop.write(".gitmodules", "[submodule \"l\"]\n path = l\n url = ../library.git\n");
            shop.run("update-index", "--add", "--cacheinfo", "160000," + old + ",l");
            shop.run("add", ".gitmodules");
            shop.run("commit", "--quiet", "--message", "first");

            assertThat(checkout(server.url("shop.git"), null).root().resolve("l/a"))
                    .hasContent("old");
        }
    }

    @Test
    void anInterruptEndsGitAndLeavesNothing() throws IOException, InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch testEnds = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        HttpServer silent = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        silent.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        silent.createContext("/", exchange -> {
            asked.countDown();
            try {
                testEnds.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        silent.start();
        try {
            Thread build = Thread.ofVirtual().start(() -> {
                try {
                    checkout("http://127.0.0.1:" + silent.getAddress().getPort() + "/shop.git", null);
                } catch (RuntimeException e) {
                    thrown.set(e);
                }
            });
            asked.await();
            build.interrupt();
            build.join();
            assertThat(thrown.get()).isInstanceOf(CancellationException.class);
            assertThat(folder.resolve("out")).doesNotExist();
            assertThat(files(folder.resolve("scratch"))).isEmpty();
        } finally {
            testEnds.countDown();
            silent.stop(0);
        }
    }

    @Test
    void nothingOfGitsScratchIsLeftBehind() throws IOException {
        shop.commit("first");
        checkout(shop.folder().toString(), null);
        assertThat(files(folder.resolve("scratch"))).isEmpty();
    }
}
