package dev.strata.registry;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which addresses stand for a registry's host: mirrors first, then the registry itself. */
final class Endpoints {
    private static final String EVERY_HOST = "*";

    private final SortedMap<String, Endpoint> mirrors = new TreeMap<>();
    private final Set<String> plainHttp;

    Endpoints(RegistryOptions options) {
        this.plainHttp = Set.copyOf(options.plainHttp());
        options.mirrors().forEach((host, address) -> mirrors.put(canonical(host), mirror(host, address)));
    }

    /** Where to read, in the order in which to ask. */
    List<Endpoint> reading(String domain) {
        Endpoint own = mirrors.get(domain);
        if (own != null) {
            Endpoint origin = origin(domain);
            boolean same = origin.root().equals(own.root()) && origin.prefix().equals(own.prefix());
            return same ? List.of(origin) : List.of(own, origin);
        }
        Endpoint every = mirrors.get(EVERY_HOST);
        return List.of(every == null ? origin(domain) : every);
    }

    /** The registry itself: where to write. */
    Endpoint origin(String domain) {
        String address = domain.equals("docker.io") ? "registry-1.docker.io" : domain;
        String scheme = speaksPlainHttp(domain) ? "http" : "https";
        return new Endpoint(domain, address(domain, scheme + "://" + address + "/"), "", false);
    }

    /** Whether a host may be spoken to without TLS. */
    boolean speaksPlainHttp(String hostAndPort) {
        String host = hostAndPort.replaceFirst(":\\d+$", "");
        return plainHttp.contains(hostAndPort) || plainHttp.contains(host) || isLoopback(host);
    }

    static boolean isLoopback(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || name.matches("127\\.\\d+\\.\\d+\\.\\d+")
                || name.equals("[::1]");
    }

    private Endpoint mirror(String host, String text) {
        boolean hasScheme = text.contains("://");
        String authority = (hasScheme ? text.substring(text.indexOf("://") + 3) : text).replaceFirst("/.*", "");
        URI given = address(host, hasScheme ? text : (speaksPlainHttp(authority) ? "http://" : "https://") + text);
        String path = given.getRawPath() == null ? "" : given.getRawPath().replaceAll("^/+|/+$", "");
        String prefix = path.equals("v2") ? "" : path.startsWith("v2/") ? path.substring(3) : path;
        return new Endpoint(
                authority, given.resolve("/"), prefix.isEmpty() ? "" : prefix + "/", !host.equals(EVERY_HOST));
    }

    private static URI address(String host, String text) {
        try {
            URI uri = new URI(text);
            boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (web && uri.getHost() != null && uri.getRawUserInfo() == null && uri.getRawQuery() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw notAnAddress(host, text, e);
        }
        throw notAnAddress(host, text, null);
    }

    private static RegistryException notAnAddress(
            String host, String text, @org.jspecify.annotations.Nullable Throwable cause) {
        return RegistryException.configuration(
                "\"" + text + "\", the address for the registry \"" + host + "\", is no address",
                "It must look like https://mirror.example or http://mirror.example:5000/prefix, without user, password"
                        + " and parameters",
                cause);
    }

    private static String canonical(String host) {
        return switch (host) {
            case "index.docker.io", "registry-1.docker.io" -> "docker.io";
            default -> host;
        };
    }
}
