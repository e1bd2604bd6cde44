namespace DistBp.Akka;

/// <summary>To the singleton, from its manager: the reign is to be another node's.</summary>
internal sealed class Resign
{
    public static readonly Resign Instance = new();
}
