using DistBp.Tests.Shared;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>A test that needs the pictures of Fashion-MNIST. Without them it is skipped; in CI, which installs them, it fails instead.</summary>
internal sealed class FashionMnistFactAttribute : FactAttribute
{
    public const string Folder = "/usr/share/datasets/fashion-mnist";

    public FashionMnistFactAttribute()
    {
        if (!Directory.Exists(Folder) && !Surroundings.IsCI)
            Skip = $"{Folder} is missing: apt install dataset-fashion-mnist";
    }
}
