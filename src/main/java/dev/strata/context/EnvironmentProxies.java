package dev.strata.context;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The proxies that the environment names, as curl and git read them: {@code http_proxy} (lower case only: a web server
 * sets the other from a request's header), {@code HTTPS_PROXY}, {@code ALL_PROXY}, and {@code NO_PROXY} with hosts and
 * suffixes of hosts.
 */
final class EnvironmentProxies extends ProxySelector {
    private final UnaryOperator<@Nullable String> environment;

    /** @param environment answers null for a variable that is not set */
    EnvironmentProxies(UnaryOperator<@Nullable String> environment) {
        this.environment = environment;
    }

    static EnvironmentProxies ofThisProcess() {
        return new EnvironmentProxies(System::getenv);
    }

    @Override
    public List<Proxy> select(URI address) {
        String proxy = "https".equals(address.getScheme())
                ? first("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
                : first("http_proxy", "all_proxy", "ALL_PROXY");
        if (proxy.isEmpty() || isExcepted(address.getHost().toLowerCase(Locale.ROOT))) {
            return List.of(Proxy.NO_PROXY);
        }
        URI at = URI.create(proxy.contains("://") ? proxy : "http://" + proxy);
        int port = at.getPort() < 0 ? 80 : at.getPort();
        return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(at.getHost(), port)));
    }

    @Override
    public void connectFailed(URI address, SocketAddress proxy, IOException trouble) {
        // the request itself fails with the same trouble, and is explained there
    }

    private boolean isExcepted(String host) {
        for (String entry : first("no_proxy", "NO_PROXY").split(",", -1)) {
            String suffix = entry.strip().toLowerCase(Locale.ROOT).replaceFirst("^\\*?\\.", "");
            if (suffix.equals("*") || (!suffix.isEmpty() && (host.equals(suffix) || host.endsWith("." + suffix)))) {
                return true;
            }
        }
        return false;
    }

    private String first(String... names) {
        for (String name : names) {
            String value = environment.apply(name);
            if (value != null && !value.isBlank()) {
                return value.strip();
            }
        }
        return "";
    }
}
