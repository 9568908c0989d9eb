package dev.strata.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Commands of builds wait here until the test lets them go on, so that nothing depends on how fast anything is. */
final class Gate implements AutoCloseable {
    private final ServerSocket server;
    private final List<Socket> waiting = new CopyOnWriteArrayList<>();

    private Gate(ServerSocket server) {
        this.server = server;
    }

    /** A closed gate at an address of this machine that pods reach. */
    static Gate at(TestCluster cluster) {
        try {
            Gate gate = new Gate(new ServerSocket(0, 16, InetAddress.getByName(cluster.address)));
            Thread.ofVirtual().start(gate::accept);
            return gate;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                waiting.add(server.accept());
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    /** What a Dockerfile runs, on a base that has bash: it ends well when the gate is opened. */
    String instruction() {
        return "RUN bash -c 'exec 3<>/dev/tcp/%s/%d; read -r word <&3; test \"$word\" = go'\n"
                .formatted(server.getInetAddress().getHostAddress(), server.getLocalPort());
    }

    /** How many commands have come to the gate since it was opened last. */
    int waiting() {
        return waiting.size();
    }

    /** Lets everybody go on who waits now. */
    void open() {
        for (Socket socket : waiting) {
            try (socket) {
                socket.getOutputStream().write("go\n".getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException("a command that waited has gone", e);
            }
        }
        waiting.clear();
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : waiting) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
