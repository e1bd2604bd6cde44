using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// Where the tiles of a product go. A product may be computed with its sides swapped (cᵀ = bᵀ·aᵀ, so that the smaller one is packed):
/// then Transposed says that tile element (i, j) is the matrix element (j, i). What a layer does to each element is done to the tile,
/// while it is in the first cache.
/// </summary>
internal unsafe struct Destination
{
    public float* Matrix;

    /// <summary>Between rows of the matrix (and of all others here), in floats.</summary>
    public nint RowLength;

    public bool Transposed;

    /// <summary>Null, or one value a column of the matrix, added first.</summary>
    public float* Bias;

    /// <summary>Null, or receives the elements before the activation.</summary>
    public float* PreActivation;

    /// <summary>Applied last.</summary>
    public Activation Activation;

    /// <summary>Not identity: elements are multiplied by the derivative of this activation, taken from PreviousX or PreviousY.</summary>
    public Activation Previous;

    public float* PreviousX, PreviousY;

    /// <summary>Elements are stored as they come, so tiles may be written in place.</summary>
    public readonly bool IsPlain
        => !Transposed && Bias == null && PreActivation == null && Activation == Activation.Identity && Previous == Activation.Identity;

    /// <param name="tile">[8, tileColumns], of which rows × columns count.</param>
    /// <param name="spare">Room for two more tiles.</param>
    public readonly void Finish<TVector, TSimd>(float* tile, int tileColumns, int i, int j, int rows, int columns, float* spare)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int length = ITile.Rows * tileColumns;
        if (Bias != null) AddBias<TVector, TSimd>(tile, tileColumns, i, j, rows, columns);
        if (PreActivation != null) Copy<TVector, TSimd>(tile, tileColumns, PreActivation, i, j, rows, columns, toTile: false);
        if (Activation != Activation.Identity) new ActivationKernel(Activation, tile, tile, length).Run<TVector, TSimd>();
        if (Previous != Activation.Identity)
        {
            float* x = PreviousX == null ? tile : spare, y = PreviousY == null ? tile : spare + length;
            if (PreviousX != null) Copy<TVector, TSimd>(x, tileColumns, PreviousX, i, j, rows, columns, toTile: true);
            if (PreviousY != null) Copy<TVector, TSimd>(y, tileColumns, PreviousY, i, j, rows, columns, toTile: true);
            new ActivationBackwardKernel(Previous, x, y, tile, tile, length).Run<TVector, TSimd>();
        }
        Store<TVector, TSimd>(tile, tileColumns, i, j, rows, columns);
    }

    /// <summary>Where tile element (i, j) lies.</summary>
    public readonly float* At(int i, int j) => Matrix + Offset(i, j);

    /// <summary>As it is: a partial sum, or the end.</summary>
    public readonly void Store<TVector, TSimd>(float* tile, int tileColumns, int i, int j, int rows, int columns)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => Copy<TVector, TSimd>(tile, tileColumns, Matrix, i, j, rows, columns, toTile: false);

    /// <summary>A partial sum back into a tile.</summary>
    public readonly void Load<TVector, TSimd>(float* tile, int tileColumns, int i, int j, int rows, int columns)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => Copy<TVector, TSimd>(tile, tileColumns, Matrix, i, j, rows, columns, toTile: true);

    private readonly nint Offset(int i, int j) => Transposed ? j * RowLength + i : i * RowLength + j;

    /// <summary>Has what <see cref="Finish"/> will read fetched, and where it will write, before the tile is computed.</summary>
    public readonly void Fetch(int i, int j, int rows, int columns)
    {
        if (Transposed) return;
        if (PreviousY != null) Fetch(PreviousY, i, j, rows, columns);
        if (PreviousX != null) Fetch(PreviousX, i, j, rows, columns);
        Fetch(Matrix, i, j, rows, columns);
    }

    private readonly void Fetch(float* matrix, int i, int j, int rows, int columns)
    {
        float* row = matrix + Offset(i, j);
        for (int r = 0; r < rows; r++, row += RowLength)
        {
            for (int column = 0; column < columns; column += Ahead.Floats) Prefetching.ToFirst(row + column);
            Prefetching.ToFirst(row + columns - 1);
        }
    }

    private readonly void Copy<TVector, TSimd>(
        float* tile, int tileColumns, float* matrix, int i, int j, int rows, int columns, bool toTile)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* at = matrix + Offset(i, j);
        if (Transposed && toTile) Transposition.Run(at, RowLength, columns, rows, tile, tileColumns);
        else if (Transposed) Transposition.Run(tile, tileColumns, rows, columns, at, RowLength);
        else if (toTile) CopyRows<TVector, TSimd>(at, RowLength, tile, tileColumns, rows, columns);
        else CopyRows<TVector, TSimd>(tile, tileColumns, at, RowLength, rows, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows<TVector, TSimd>(float* from, nint fromRow, float* to, nint toRow, int rows, int columns)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        for (int r = 0; r < rows; r++, from += fromRow, to += toRow)
        {
            int column = 0;
            for (; column + TSimd.Width <= columns; column += TSimd.Width) TSimd.Store(TSimd.Load(from + column), to + column);
            for (; column < columns; column++) to[column] = from[column];
        }
    }

    private readonly void AddBias<TVector, TSimd>(float* tile, int tileColumns, int i, int j, int rows, int columns)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* padded = stackalloc float[tileColumns];
        if (!Transposed) new Span<float>(Bias + j, columns).CopyTo(new Span<float>(padded, tileColumns));
        for (int r = 0; r < rows; r++, tile += tileColumns)
        {
            TVector own = TSimd.Broadcast(Transposed ? Bias[i + r] : 0);
            for (int l = 0; l < tileColumns; l += TSimd.Width)
                TSimd.Store(TSimd.Add(TSimd.Load(tile + l), Transposed ? own : TSimd.Load(padded + l)), tile + l);
        }
    }
}
