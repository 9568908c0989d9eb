package dev.strata.sandbox;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A Unix socket that stands for another. A command's user can be given the new one, while the owner and mode of the
 * other stay what they are.
 */
final class SocketRelay implements AutoCloseable {
    private final ServerSocketChannel server;
    private final UnixDomainSocketAddress to;
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();

    private SocketRelay(ServerSocketChannel server, UnixDomainSocketAddress to) {
        this.server = server;
        this.to = to;
    }

    /** @param at not there yet */
    static SocketRelay open(Path at, Path to) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(at));
        } catch (IOException e) {
            server.close();
            throw new IOException("cannot make the socket " + at + ": " + e.getMessage(), e);
        }
        SocketRelay relay = new SocketRelay(server, UnixDomainSocketAddress.of(to));
        Thread.ofVirtual().name("relay to " + to).start(relay::accept);
        return relay;
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException e) {
                return; // Closed, since the command has ended.
            }
        }
    }

    private void connect(SocketChannel client) {
        try (client;
                SocketChannel service = SocketChannel.open(to)) {
            connections.add(client);
            connections.add(service);
            Thread answers = Thread.ofVirtual().start(() -> copy(service, client));
            copy(client, service);
            answers.join();
        } catch (IOException e) {
            // The service is gone; the command sees its connection closed, as it would have without the relay.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            connections.removeIf(connection -> !connection.isOpen());
        }
    }

    private static void copy(SocketChannel from, SocketChannel to) {
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        try {
            while (from.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
                buffer.clear();
            }
            to.shutdownOutput();
        } catch (IOException e) {
            // One side has closed: the other one is told by closing, when both directions have ended.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (SocketChannel connection : connections) {
            connection.close();
        }
    }
}
