namespace DistBp.Learning;

/// <summary>The dimensions of a tensor, outermost first (row-major). The mini-batch dimension is never part of it.</summary>
public sealed class TensorShape : IEquatable<TensorShape>
{
    private readonly int[] _dimensions;

    /// <exception cref="ArgumentException">A dimension is negative, or the element count exceeds 2^31 − 1.</exception>
    public TensorShape(params ReadOnlySpan<int> dimensions)
    {
        _dimensions = dimensions.ToArray();
        long count = 1;
        foreach (int dimension in _dimensions)
        {
            if (dimension < 0) throw new ArgumentException($"A dimension of {this} is negative.", nameof(dimensions));
            count *= dimension;
            if (count > int.MaxValue) throw new ArgumentException($"The shape {this} has more than {int.MaxValue} elements.", nameof(dimensions));
        }
        ElementCount = (int)count;
    }

    public ReadOnlySpan<int> Dimensions => _dimensions;

    public int Rank => _dimensions.Length;

    public int ElementCount { get; }

    public int this[int index] => _dimensions[index];

    public bool Equals(TensorShape? other) => other is not null && _dimensions.AsSpan().SequenceEqual(other._dimensions);

    public override bool Equals(object? obj) => Equals(obj as TensorShape);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int dimension in _dimensions) hash.Add(dimension);
        return hash.ToHashCode();
    }

    public override string ToString() => $"[{string.Join(", ", _dimensions)}]";
}
