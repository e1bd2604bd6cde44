using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.tls: files for mutual TLS; "" in this version.</summary>
public sealed record TlsConfiguration(string Certificate, string Key, string Authority)
{
    public bool IsNone => Certificate.Length == 0 && Key.Length == 0 && Authority.Length == 0;

    internal static TlsConfiguration Describe(IFields f, TlsConfiguration tls) => tls with
    {
        Certificate = f.Field("certificate", tls.Certificate, TextForm.MaybeEmpty),
        Key = f.Field("key", tls.Key, TextForm.MaybeEmpty),
        Authority = f.Field("authority", tls.Authority, TextForm.MaybeEmpty),
    };
}
