package dev.strata.dockerfile;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads the words of EXPOSE. */
public final class Ports {
    private static final int HIGHEST = 65_535;

    private Ports() {}

    /** @param protocol {@code tcp}, {@code udp} or {@code sctp} */
    public record Port(int number, String protocol) {
        /** As an image's configuration has it, such as {@code 80/tcp}. */
        @Override
        public String toString() {
            return number + "/" + protocol;
        }
    }

    /**
     * Reads {@code 80}, {@code 80/udp} or {@code 7000-7010}. An address and a host's port before it, as {@code docker
     * run} takes them, are checked and left out.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    public static List<Port> parse(String word) {
        int last = word.lastIndexOf(':');
        String container = word.substring(last + 1);
        int slash = container.indexOf('/');
        String range = slash < 0 ? container : container.substring(0, slash);
        if (range.isEmpty()) {
            throw wrong(word, "no port specified");
        }
        Range ports = range(word, range);
        if (last >= 0) {
            checkHost(word, word.substring(0, last), ports);
        }
        String protocol = slash < 0 || slash == container.length() - 1
                ? "tcp"
                : container.substring(slash + 1).toLowerCase(Locale.ROOT);
        if (!protocol.equals("tcp") && !protocol.equals("udp") && !protocol.equals("sctp")) {
            throw wrong(word, "\"" + protocol + "\" is no protocol; it must be tcp, udp or sctp");
        }
        List<Port> all = new ArrayList<>();
        for (int number = ports.first; number <= ports.last; number++) {
            all.add(new Port(number, protocol));
        }
        return all;
    }

    /** Whether the word says more than what the container listens to. */
    static boolean namesHost(String word) {
        String[] parts = word.split(":", -1);
        return parts.length > 3
                || (parts.length > 1 && !parts[0].isEmpty())
                || (parts.length == 3 && !parts[1].isEmpty());
    }

    private record Range(int first, int last) {}

    private static IllegalArgumentException wrong(String word, String why) {
        return new IllegalArgumentException("invalid port \"" + word + "\": " + why);
    }

    private static void checkHost(String word, String host, Range ports) {
        int colon = host.lastIndexOf(':');
        String hostPort = host.substring(colon + 1);
        if (!hostPort.isEmpty()) {
            Range hostPorts = range(word, hostPort);
            boolean sameSize = hostPorts.last - hostPorts.first == ports.last - ports.first;
            if (!sameSize && ports.first != ports.last) {
                throw wrong(word, "the ranges of the host's and the container's ports differ in length");
            }
        }
        if (colon > 0) {
            checkAddress(word, host.substring(0, colon));
        }
    }

    private static void checkAddress(String word, String written) {
        boolean bracketed = written.startsWith("[") && written.endsWith("]");
        String address = bracketed ? written.substring(1, written.length() - 1) : written;
        boolean looksRight = address.indexOf(':') >= 0 || address.matches("[0-9]+(\\.[0-9]+){3}");
        try {
            if (looksRight) {
                InetAddress.ofLiteral(address);
                return;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    wrong(word, "\"" + written + "\" is no IP address").getMessage(), e);
        }
        throw wrong(word, "\"" + written + "\" is no IP address");
    }

    private static Range range(String word, String text) {
        int dash = text.indexOf('-');
        if (dash < 0) {
            int port = number(word, text);
            return new Range(port, port);
        }
        Range range = new Range(number(word, text.substring(0, dash)), number(word, text.substring(dash + 1)));
        if (range.first > range.last) {
            throw wrong(word, "the range's first port is higher than its last");
        }
        return range;
    }

    private static int number(String word, String text) {
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) > HIGHEST) {
            throw wrong(word, "\"" + text + "\" is no port; it must be a number up to " + HIGHEST);
        }
        return Integer.parseInt(text);
    }
}
