using System.Security.Cryptography;
using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Nodes.Clients;

/// <summary>Writes files that come in pieces, below one folder, and checks their hashes.</summary>
internal sealed class FetchedFiles(string folder) : IDisposable
{
    private FileStream? _file;
    private IncrementalHash? _hash;
    private string _path = "";

    /// <summary>Files that are whole.</summary>
    public int Count { get; private set; }

    /// <exception cref="RpcException">A path leads out of the folder, or a file came damaged.</exception>
    public void Add(FilePiece piece)
    {
        if (_file is null) Begin(piece.Path);
        else if (piece.Path != _path) throw new RpcException(StatusCode.DataLoss, $"the file {_path} broke off");
        _file!.Write(piece.Content.Span);
        _hash!.AppendData(piece.Content.Span);
        if (piece.Sha256.IsEmpty) return;
        if (!_hash.GetHashAndReset().AsSpan().SequenceEqual(piece.Sha256.Span))
            throw new RpcException(StatusCode.DataLoss, $"the file {_path} came with another SHA-256 than it was sent with");
        End();
        Count++;
    }

    public void Dispose() => End();

    private void Begin(string path)
    {
        if (!RunFiles.StaysWithin(folder, path)) throw new RpcException(StatusCode.DataLoss, $"a file is to be written to '{path}', outside of the folder");
        string file = RunFiles.Locate(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        _file = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.Read);
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _path = path;
    }

    private void End()
    {
        _file?.Dispose();
        _hash?.Dispose();
        _file = null;
    }
}
