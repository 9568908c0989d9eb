package dev.strata.registry;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Whom to believe, and how to prove who we are, on TLS connections. */
final class Trust {
    private static final char[] NO_PASSWORD = {};

    private final @Nullable Path bundle;
    private final @Nullable Path folder;

    Trust(@Nullable Path bundle, @Nullable Path folder) {
        this.bundle = bundle;
        this.folder = folder;
    }

    /** Connections with the same identity may share a client. */
    String identity(URI uri) {
        Path own = ownFolder(uri);
        return own == null ? "tls" : "tls " + own;
    }

    private @Nullable Path ownFolder(URI uri) {
        if (folder == null || uri.getHost() == null) {
            return null;
        }
        int port = uri.getPort() < 0 ? 443 : uri.getPort();
        return Stream.of(uri.getHost() + ":" + port, uri.getHost())
                .map(folder::resolve)
                .filter(Files::isDirectory)
                .findFirst()
                .orElse(null);
    }

    /** A context for clients that never speak TLS: the system's authorities take long to load. */
    static SSLContext unused() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[0], new TrustManager[0], null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime must have TLS", e);
        }
    }

    SSLContext context(URI uri) {
        Path own = ownFolder(uri);
        try {
            if (bundle == null && own == null) {
                return SSLContext.getDefault();
            }
            List<Certificate> authorities = new ArrayList<>();
            if (bundle != null) {
                authorities.addAll(certificates(bundle));
            }
            for (Path file : own == null ? List.<Path>of() : files(own, ".crt")) {
                authorities.addAll(certificates(file));
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own == null ? null : keys(own), trusting(authorities), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw RegistryException.configuration(
                    "the certificates for " + uri.getHost() + " cannot be used: " + e.getMessage(), null, e);
        }
    }

    private static TrustManager[] trusting(List<Certificate> more) throws GeneralSecurityException, IOException {
        KeyStore store = empty();
        int number = 0;
        TrustManagerFactory system = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        system.init((KeyStore) null);
        for (TrustManager manager : system.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                for (X509Certificate certificate : x509.getAcceptedIssuers()) {
                    store.setCertificateEntry("system" + number++, certificate);
                }
            }
        }
        for (Certificate certificate : more) {
            store.setCertificateEntry("own" + number++, certificate);
        }
        TrustManagerFactory both = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        both.init(store);
        return both.getTrustManagers();
    }

    private static KeyManager[] keys(Path own) throws GeneralSecurityException, IOException {
        KeyStore store = empty();
        for (Path file : files(own, ".cert")) {
            Path key = file.resolveSibling(file.getFileName().toString().replaceFirst("\\.cert$", ".key"));
            store.setKeyEntry(
                    file.getFileName().toString(),
                    privateKey(key),
                    NO_PASSWORD,
                    certificates(file).toArray(new Certificate[0]));
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, NO_PASSWORD);
        return store;
    }

    private static List<Path> files(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(ending))
                    .sorted()
                    .toList();
        }
    }

    private static Collection<? extends Certificate> certificates(Path file)
            throws GeneralSecurityException, IOException {
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (found.isEmpty()) {
                throw new IOException(file + " holds no certificate in PEM form");
            }
            return found;
        } catch (java.security.cert.CertificateException e) {
            throw new IOException(file + " holds no certificate in PEM form: " + e.getMessage(), e);
        }
    }

    private static PrivateKey privateKey(Path file) throws GeneralSecurityException, IOException {
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        String begin = "-----BEGIN PRIVATE KEY-----";
        int start = text.indexOf(begin);
        int end = text.indexOf("-----END PRIVATE KEY-----");
        if (start < 0 || end < start) {
            throw new IOException(file + " holds no unencrypted PKCS #8 key (" + begin
                    + "); \"openssl pkcs8 -topk8 -nocrypt\" makes one of the older forms");
        }
        byte[] key = Base64.getMimeDecoder().decode(text.substring(start + begin.length(), end));
        InvalidKeySpecException last = null;
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(key));
            } catch (InvalidKeySpecException e) {
                last = e; // perhaps a key of the next kind
            }
        }
        throw new IOException(file + " holds a key that is neither RSA nor EC nor EdDSA", last);
    }

    /** Why a handshake failed, and what to do. */
    static RegistryException explain(Connections.Exchange exchange, Throwable cause) {
        String host = exchange.uri().getAuthority();
        String words = Connections.words(cause);
        String what = "no secure connection to " + host + ": " + words;
        String mend = null;
        if (words.contains("Unsupported or unrecognized SSL message") || words.contains("plaintext connection")) {
            what = host + " answers in plain HTTP where HTTPS was expected";
            mend = "If that is right, name it as a plain HTTP (insecure) registry";
        } else if (words.contains("PKIX path") || words.contains("unable to find valid certification path")) {
            what = "the certificate of " + host + " was signed by an authority that is not known here";
            mend = "Give the authority's certificate as a CA bundle (PEM)";
        } else if (words.contains("No subject alternative") || words.contains("No name matching")) {
            what = "the certificate of " + host + " is for another name: " + words;
        } else if (words.contains("bad_certificate") || words.contains("certificate_required")) {
            mend = "It wants a client certificate: put a .cert and a .key into its folder of certificates";
        }
        return new RegistryException(
                RegistryException.Kind.TLS,
                new RegistryException.Called(exchange.method(), exchange.uri()),
                null,
                what,
                mend,
                cause);
    }
}
