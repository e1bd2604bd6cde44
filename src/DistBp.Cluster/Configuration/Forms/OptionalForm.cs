using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>A number or word that may be absent.</summary>
internal sealed class OptionalForm<T>(Form<T> form) : Form<T?> where T : struct
{
    public override string Expected => form.Expected;

    public override string Sample => form.Sample;

    public override T? Read(Node node, Place place, T? fallback)
    {
        int before = place.Problems.Count;
        T value = form.Read(node, place, fallback ?? default);
        return place.Problems.Count == before ? value : fallback;
    }

    public override Node Write(T? value) => form.Write(value!.Value);
}
