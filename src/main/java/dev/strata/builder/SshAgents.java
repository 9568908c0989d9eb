package dev.strata.builder;

import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The agents of {@code RUN --mount=type=ssh}: somebody's own, or one of this build's that holds a key which was given as a
 * file. A command can have things signed by either, and gets the key of neither.
 */
final class SshAgents implements AutoCloseable {
    /** Says when the agent is there, and ends it with this process, whose end closes the pipe. */
    private static final String HOLDER = "echo ready; cat >/dev/null; kill \"$SSH_AGENT_PID\"";

    private final Path folder;
    private final Map<Path, Path> sockets = new HashMap<>();
    private final List<Process> own = new ArrayList<>();

    /** @param folder for sockets; made when it is needed, and short, since a socket's name is at most 107 bytes */
    SshAgents(Path folder) {
        this.folder = folder;
    }

    /**
     * The socket of an agent.
     *
     * @param given what the plan has for the id: a socket, or a file with a private key
     */
    synchronized Path socket(String id, Path given) throws IOException {
        if (!Files.isRegularFile(given)) {
            return given;
        }
        Path known = sockets.get(given);
        if (known != null) {
            return known;
        }
        Path socket = begin(id, Files.createDirectories(folder).resolve("ssh-" + own.size()));
        add(id, given, socket);
        sockets.put(given, socket);
        return socket;
    }

    private Path begin(String id, Path socket) throws IOException {
        Process agent;
        try {
            agent = new ProcessBuilder("ssh-agent", "-a", socket.toString(), "sh", "-c", HOLDER)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw failure(
                    "the ssh agent \"" + id + "\" is to hold a key, and there is no ssh-agent here",
                    "Install openssh-client");
        }
        own.add(agent);
        BufferedReader said = agent.inputReader(StandardCharsets.UTF_8);
        String line = said.readLine();
        if (!"ready".equals(line)) {
            throw new IOException("ssh-agent did not begin: " + line);
        }
        return socket;
    }

    /** The key comes by standard input, so that the mode of its file does not matter. */
    private static void add(String id, Path key, Path socket) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("ssh-add", "-q", "-").redirectErrorStream(true);
        builder.environment().put("SSH_AUTH_SOCK", socket.toString());
        builder.environment().put("SSH_ASKPASS_REQUIRE", "never");
        builder.redirectInput(key.toFile());
        Process adding = builder.start();
        try {
            String said = new String(adding.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (adding.waitFor() != 0) {
                throw failure(
                        "the key of the ssh agent \"" + id + "\" cannot be used: " + said.strip(),
                        "Give a private key in OpenSSH's or PEM format without a passphrase, or an agent's socket");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("ssh-add was stopped");
        } finally {
            adding.destroyForcibly();
        }
    }

    private static FailureException failure(String what, String mend) {
        return new FailureException(new Failure(Failure.Cause.USER, what, null, mend));
    }

    @Override
    public synchronized void close() throws IOException {
        for (Process agent : own) {
            agent.getOutputStream().close();
        }
    }
}
